"""Questions about the shared store: may this clone use it, and may a push raise its format."""

from typing import TYPE_CHECKING

import click

from regolo_git.cli.context import Invocation
from regolo_git.cli.options.change import ask, confirm

if TYPE_CHECKING:
    from regolo_git.records.store_url import StoreAddress
    from regolo_git.registry.handle import Handle


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
