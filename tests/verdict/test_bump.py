"""Which part of a version a change of its tensors calls for."""

import pytest
from support.tensors import recipe, tensor

from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeFile, RecipeTensor
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


@pytest.mark.parametrize(
    ("described", "bump"), [({"a.skops"}, "minor"), ({"b.npz"}, "major"), (set(), "major")]
)
def test_the_shapes_in_a_file_that_describes_itself_decide_nothing(described: set[str], bump: str) -> None:
    file = RecipeFile("a.skops", 0o644, 8, Digest("sha256", "0" * 64))
    before, after = (Recipe("directory", (file,), (tensor("a", shape=(size,)),), ()) for size in (2, 3))
    tensors = compare_tensors(before, after, described)
    assert suggested_bump(same_content=False, tensors=tensors) == bump
