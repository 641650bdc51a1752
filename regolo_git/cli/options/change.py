"""Options of commands that change the registry: a commit message, and consent to what cannot be undone."""

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from regolo_git.cli.context import Cancelled, Invocation
from regolo_git.cli.options.one_value import Function, one_value
from regolo_git.cli.streams import is_terminal, talk, talk_next, visible
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.hints import Hint
from regolo_git.text.commits import short

if TYPE_CHECKING:
    from regolo_git.records.store_url import StoreAddress
    from regolo_git.registry.handle import Handle


def message_option(function: Function) -> Function:
    """Adds `-m TEXT`."""
    text = "The commit message: why."
    return click.option("-m", "--message", metavar="TEXT", callback=to_message, help=text)(function)


def to_message(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Takes a message.  Raises InvalidInput for an empty one, as git refuses it."""
    if value is not None and not value.strip():
        raise InvalidInput("the message is empty", "write one, or leave out -m")
    return value


def unmerged_option(function: Function) -> Function:
    """Adds `--unmerged`."""
    return click.option("--unmerged", is_flag=True, help="Allow a version that is not merged.")(function)


def push_option(function: Function) -> Function:
    """Adds `--push` and `--no-push`; None if neither is given."""
    text = "Commit it only if the remote takes it.  [default: git config regolo.push]"
    return click.option("--push/--no-push", default=None, help=text)(function)


def propose_option(function: Function) -> Function:
    """Adds `--propose`."""
    return click.option("--propose", is_flag=True, help="Commit to a new branch for review.")(function)


def refuse_to_push_a_proposal(propose: bool, push: bool | None) -> None:
    """Raises InvalidInput for `--propose` together with `--push`."""
    if propose and push:
        raise InvalidInput("--propose and --push cannot be used together", Hint("push"))


def talk_proposed(what: str, commit: str, branch: str) -> None:
    """Says what was proposed, and where."""
    talk(f"proposed {what}")
    talk_of_commit(commit, branch, None, proposed=True)


def talk_of_commit(commit: str, branch: str, pushed_to: str | None, *, proposed: bool) -> None:
    """Says where a commit is, and that it is pushed or that a proposal is to be pushed."""
    talk(f"  commit  {short(commit)} on {branch}")
    if pushed_to is not None:
        talk(f"  pushed  to {pushed_to}")
    elif proposed:
        talk_next(str(Hint("push")))


class Consent(NamedTuple):
    """The consent given on the command line; without it, a command shows its plan and asks."""

    dry_run: bool
    yes: bool

    def given(self, question: str, *, otherwise: str) -> bool:
        """Whether to carry out the plan; False in a dry run.  Raises Conflict as `confirm` does."""
        if not (self.dry_run or self.yes):
            confirm(question, otherwise=otherwise)
        return not self.dry_run


consent_options = one_value(
    "consent",
    Consent,
    click.option("--dry-run", "-n", is_flag=True, help="Show the plan without carrying it out."),
    click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation."),
)


def ask(question: str) -> bool | None:
    """Asks; None without a terminal to ask and to be answered on."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        return None
    return click.confirm(visible(question), err=True)


def confirm(question: str, *, otherwise: str, again: str | None = None) -> None:
    """Asks, and returns on yes.  Raises Cancelled on no, and Conflict (`otherwise`) without a terminal.

    The hint of the latter is `again`, else the whole command line with `--yes`.
    """
    answer = ask(question)
    if answer is None and again is not None:
        raise Conflict(otherwise, again)
    if answer is None:
        invocation = click.get_current_context().find_object(Invocation)
        assert invocation is not None
        raise Conflict(otherwise, invocation.again_with("--yes"))
    if not answer:
        raise Cancelled("cancelled; nothing was changed")


def ask_before_store(handle: "Handle", *, yes: bool | None = None) -> None:
    """Has the user asked before this clone first uses the shared store, and before its format is raised.

    `yes` is consent given already.  Without a terminal both are refused, with `--yes` as the next step if the
    command has that option.
    """
    answers: list[bool] = []

    def may_use(address: "StoreAddress") -> bool:
        from regolo_git.registry.shared_store import described, unconfirmed  # noqa: PLC0415 - seldom needed

        if not answers:
            question = f"The repository names the shared store {described(address)}. Use it from this clone?"
            answer = True if yes else ask(question)
            if answer is None and yes is not None:
                invocation = click.get_current_context().find_object(Invocation)
                assert invocation is not None
                raise unconfirmed(address, invocation.again_with("--yes"))
            answers.append(bool(answer))
        return answers[0]

    def may_raise(question: str) -> bool:
        if yes is None:
            return bool(ask(question))
        if not yes:
            confirm(question, otherwise="the format of the shared store is not raised without confirmation")
        return True

    handle.may_use_store = may_use
    handle.may_raise_store = may_raise
