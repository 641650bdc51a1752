"""A group of commands: each is imported when it runs, and a mistyped one names its neighbour."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from regolo_git.cli.command_names import Entry, Sections
from regolo_git.errors import InvalidInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class CommandGroup(click.Group):
    """A group that knows its commands from a table alone.

    `elsewhere` says what to type instead of names that are commands of other tools.
    """

    def __init__(
        self,
        *,
        sections: Sections,
        elsewhere: Mapping[str, str] = {},
        **settings: Any,  # what click's decorator hands on
    ) -> None:
        super().__init__(**settings)
        self.sections = sections
        self.entries = {name: entry for entries in sections.values() for name, entry in entries.items()}
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of the help."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports a command; None where there is none of that name."""
        entry = self.entries.get(cmd_name)
        return _imported(entry) if entry is not None else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command to run.  Raises InvalidInput with the nearest name."""
        if args and args[0] not in self.entries and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise InvalidInput(f"there is no command '{args[0]}'", self._instead_of(args[0], ctx))
        return super().resolve_command(ctx, args)

    def _instead_of(self, name: str, ctx: click.Context) -> str:
        if name in self._elsewhere:
            return self._elsewhere[name]
        import difflib  # noqa: PLC0415

        close = difflib.get_close_matches(name, self.entries, n=1)
        return f"{ctx.command_path} {close[0] if close else '-h'}"

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


def _imported(entry: Entry) -> click.Command:
    command = getattr(import_module(entry.module), entry.attribute)
    assert isinstance(command, click.Command)
    return command
