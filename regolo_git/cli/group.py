"""A group of commands that imports each one when it runs, and suggests a name for a mistyped one."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from regolo_git.cli.command_names import Entry, Sections
from regolo_git.cli.context import Invocation
from regolo_git.cli.options.quiet import takes_quiet
from regolo_git.cli.streams import put
from regolo_git.errors import InvalidInput
from regolo_git.hints import NextStep
from regolo_git.text.nearest import nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

BROKEN_PIPE = 141  # the status of a program that SIGPIPE ended, such as `git log | head`


class CommandGroup(click.Group):
    """A group that reads its commands from a table.

    `aliases` maps unlisted names to listed ones; `elsewhere` maps commands of other tools to
    hints.
    """

    def __init__(
        self,
        *,
        sections: Sections,
        aliases: Mapping[str, str] = {},
        elsewhere: Mapping[str, NextStep] = {},
        **settings: Any,  # passed on by click's decorator
    ) -> None:
        super().__init__(**settings)
        self.sections = sections
        self.entries = {name: entry for entries in sections.values() for name, entry in entries.items()}
        self.aliases = aliases
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's - click's signature
        """Every command, in the order of the help."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Imports a command; None if there is no command of that name."""
        entry = self.entries.get(self.aliases.get(cmd_name, cmd_name))
        return _imported(entry) if entry is not None else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Shows the help of a group that does nothing by itself; for click that is an error."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            put(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command to run.  Raises InvalidInput that suggests the nearest name."""
        name = args[0]
        if name in self.aliases:
            _rename(ctx, args, self.aliases[name])
            args = [self.aliases[name], *args[1:]]
        elif name not in self.entries and not name.startswith("-") and not ctx.resilient_parsing:
            raise InvalidInput(f"unknown command '{name}'", self._suggestion(name, ctx))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; click itself would report a closed pipe as an error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            ctx.exit(BROKEN_PIPE)

    def _suggestion(self, name: str, ctx: click.Context) -> NextStep:
        if name in self._elsewhere:
            return self._elsewhere[name]
        return f"{ctx.command_path} {nearest(name, self.entries) or '-h'}"

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Writes the list of commands under their headings."""
        width = max(len(name) for name in self.entries)
        for title, entries in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry.help) for name, entry in entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands that match; click's own implementation would import each of them."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

        named = [
            CompletionItem(name, help=entry.help)
            for name, entry in self.entries.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)


def _rename(ctx: click.Context, args: list[str], name: str) -> None:
    """Replaces an alias by the listed name in the command line that hints repeat."""
    invocation = ctx.find_object(Invocation)
    if invocation is not None and not ctx.resilient_parsing:  # completion parses the line itself
        invocation.arguments[-len(args)] = name


def _imported(entry: Entry) -> click.Command:
    command = getattr(import_module(entry.module), entry.attribute)
    assert isinstance(command, click.Command)
    return takes_quiet(command)
