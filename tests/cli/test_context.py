"""The command line as it was typed, to be typed again."""

from regolo_git.cli.context import Invocation


def test_an_option_is_added_at_the_end_and_the_words_are_quoted() -> None:
    typed = Invocation(["commit", "m", "my model.onnx"])
    assert typed.again_with("--yes") == "git regolo commit m 'my model.onnx' --yes"


def test_an_option_is_added_before_the_words_that_are_not_options() -> None:
    typed = Invocation(["commit", "m", "--", "-model"])
    assert typed.again_with("--yes") == "git regolo commit m --yes -- -model"
