"""Completions that are imported when a shell asks for them, for commands that must start fast."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def when_asked(place: str, name: str) -> Complete:
    """The completion `name` in the module `place` of this package."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        found = cast("Complete", getattr(import_module(f"regolo_git.cli.options.{place}"), name))
        return found(ctx, param, incomplete)

    return complete
