"""Consent to what is hard to undo: given in advance, or asked for."""

from collections.abc import Iterator

import click
import pytest

from regolo_git.cli.context import Invocation
from regolo_git.cli.options.change import Consent
from regolo_git.errors import Conflict


@pytest.fixture(autouse=True)
def invocation() -> Iterator[None]:
    """A command line that runs where nobody can answer, as every test does."""
    typed = Invocation(["delete", "reviews", "-m", "no longer used"])
    with click.Context(click.Command("delete"), obj=typed):
        yield


def test_a_yes_in_advance_goes_on() -> None:
    assert Consent(dry_run=False, yes=True).given("Delete?", otherwise="not deleted") is True


@pytest.mark.parametrize("yes", [True, False])
def test_a_dry_run_never_goes_on_and_never_asks(yes: bool) -> None:
    assert Consent(dry_run=True, yes=yes).given("Delete?", otherwise="not deleted") is False


def test_where_nobody_can_answer_the_hint_is_the_whole_line_with_a_yes() -> None:
    with pytest.raises(Conflict, match="not deleted") as refused:
        Consent(dry_run=False, yes=False).given("Delete?", otherwise="not deleted")
    assert refused.value.hint == "git regolo delete reviews -m 'no longer used' --yes"
