"""A group of commands: each is imported when it runs, and a mistyped one names its neighbour."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from regolo_git.cli.command_names import Entry, Sections
from regolo_git.cli.context import Invocation
from regolo_git.errors import InvalidInput
from regolo_git.text.nearest import nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class CommandGroup(click.Group):
    """A group that knows its commands from a table alone.

    `aliases` are names that do the same as others and are not listed; `elsewhere` says what to type for names
    that are commands of other tools.
    """

    def __init__(
        self,
        *,
        sections: Sections,
        aliases: Mapping[str, str] = {},
        elsewhere: Mapping[str, str] = {},
        **settings: Any,  # what click's decorator hands on
    ) -> None:
        super().__init__(**settings)
        self.sections = sections
        self.entries = {name: entry for entries in sections.values() for name, entry in entries.items()}
        self.aliases = aliases
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of the help."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports a command; None where there is none of that name."""
        entry = self.entries.get(self.aliases.get(cmd_name, cmd_name))
        return _imported(entry) if entry is not None else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command to run.  Raises InvalidInput with the nearest name."""
        name = args[0]
        if name in self.aliases:
            _rename(ctx, args, self.aliases[name])
            args = [self.aliases[name], *args[1:]]
        elif name not in self.entries and not name.startswith("-") and not ctx.resilient_parsing:
            raise InvalidInput(f"there is no command '{name}'", self._instead_of(name, ctx))
        return super().resolve_command(ctx, args)

    def _instead_of(self, name: str, ctx: click.Context) -> str:
        if name in self._elsewhere:
            return self._elsewhere[name]
        return f"{ctx.command_path} {nearest(name, self.entries) or '-h'}"

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Writes the list of commands, in sections."""
        width = max(len(name) for name in self.entries)
        for title, entries in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry.help) for name, entry in entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands that start like that; click's own way would import each of them."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

        named = [
            CompletionItem(name, help=entry.help)
            for name, entry in self.entries.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)


def _rename(ctx: click.Context, args: list[str], name: str) -> None:
    """Hints repeat the command line as it was typed, and by the name that the help has."""
    invocation = ctx.find_object(Invocation)
    if invocation is not None and not ctx.resilient_parsing:  # completion has its words from elsewhere
        invocation.arguments[-len(args)] = name


def _imported(entry: Entry) -> click.Command:
    command = getattr(import_module(entry.module), entry.attribute)
    assert isinstance(command, click.Command)
    return command
