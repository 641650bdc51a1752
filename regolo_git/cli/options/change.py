"""What commands that change the registry take: a message, and consent to what is hard to undo."""

import sys
from dataclasses import dataclass

import click

from regolo_git.cli.context import Invocation
from regolo_git.cli.options.one_value import Function, one_value
from regolo_git.cli.streams import is_terminal
from regolo_git.errors import Conflict


def message_option(function: Function) -> Function:
    """`-m TEXT`."""
    return click.option("-m", "--message", metavar="TEXT", help="The message of the commit: why.")(function)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a destructive command was told in advance; it shows its plan, then asks for the rest."""

    dry_run: bool
    yes: bool

    def given(self, question: str, *, otherwise: str) -> bool:
        """Whether the plan is to be carried out; False in a dry run.  Raises Conflict as `confirm` does."""
        if not (self.dry_run or self.yes):
            confirm(question, otherwise=otherwise)
        return not self.dry_run


consent_options = one_value(
    "consent",
    Consent,
    click.option("--dry-run", "-n", is_flag=True, help="Show the plan and stop."),
    click.option("--yes", "-y", is_flag=True, help="Do it without a question."),
)


def confirm(question: str, *, otherwise: str) -> None:
    """Returns on a yes.  Raises Conflict on a no, and with the words of `otherwise` where nobody can answer.

    The hint is then the whole command line with `--yes`, so that nothing that was typed gets lost.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        invocation = click.get_current_context().find_object(Invocation)
        assert invocation is not None
        raise Conflict(otherwise, invocation.again_with("--yes"))
    if not click.confirm(question, err=True):
        raise Conflict("stopped: nothing was changed")
