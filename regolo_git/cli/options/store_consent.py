"""The question whether this clone may use the shared store that the repository names."""

from typing import TYPE_CHECKING

import click

from regolo_git.cli.context import Invocation
from regolo_git.cli.options.change import ask

if TYPE_CHECKING:
    from regolo_git.records.store_url import StoreAddress
    from regolo_git.registry.handle import Handle


def ask_before_store(handle: "Handle", *, yes: bool | None = None) -> None:
    """Has the user asked before this clone first uses the shared store; `yes` is consent given already.

    Without a terminal the store is refused, with `--yes` as the next step if the command has that option.
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

    handle.may_use_store = may_use
