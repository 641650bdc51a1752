"""Which part of a version a change of its tensors calls for."""

import pytest
from support.tensors import recipe, tensor

from regolo_git.records.recipe import RecipeTensor
from regolo_git.verdict.bump import suggested_bump
from regolo_git.verdict.tensors import compare_tensors


@pytest.mark.parametrize(
    ("before", "after", "bump"),
    [
        ([tensor("a"), tensor("b")], [tensor("a")], "major"),
        ([tensor("a")], [tensor("a", shape=(3,))], "major"),
        ([tensor("a")], [tensor("a", dtype="I32")], "major"),
        ([tensor("a")], [tensor("a", fill="b")], "minor"),
        ([tensor("a")], [tensor("a"), tensor("b")], "minor"),
        ([tensor("a")], [tensor("a")], "patch"),
        ([], [], "minor"),
    ],
)
def test_the_tensors_say_which_part_to_bump(
    before: list[RecipeTensor], after: list[RecipeTensor], bump: str
) -> None:
    tensors = compare_tensors(recipe(*before), recipe(*after))
    assert suggested_bump(same_content=False, tensors=tensors) == bump


def test_without_recipes_the_bump_is_minor() -> None:
    assert suggested_bump(same_content=False, tensors=None) == "minor"


def test_the_same_bytes_call_for_no_bump() -> None:
    assert suggested_bump(same_content=True, tensors=None) is None
