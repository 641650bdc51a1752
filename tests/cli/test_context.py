"""The command line as it was typed, to be typed again."""

import pytest

from regolo_git.cli.context import Invocation


def test_an_option_is_added_at_the_end_and_the_words_are_quoted() -> None:
    typed = Invocation(["commit", "m", "my model.onnx"])
    assert typed.again_with("--yes") == "git regolo commit m 'my model.onnx' --yes"


def test_an_option_is_added_before_the_words_that_are_not_options() -> None:
    typed = Invocation(["commit", "m", "--", "-model"])
    assert typed.again_with("--yes") == "git regolo commit m --yes -- -model"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("list mm", "list m"),
        ("diff main:mm mm@1.0", "diff main:m mm@1.0"),
        ("commit mm ./mm -m mm", "commit m ./mm -m mm"),
        ("show other", None),
    ],
)
def test_the_first_argument_with_a_name_is_corrected(typed: str, line: str | None) -> None:
    assert Invocation(typed.split()).corrected("mm", "m") == (line and f"git regolo {line}")


def test_the_command_itself_is_not_corrected() -> None:
    assert Invocation(["list", "list"]).corrected("list", "last") == "git regolo list last"
