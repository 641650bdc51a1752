"""The group of commands: each is imported when it runs, and a mistyped one names its neighbour."""

import difflib
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.table import COMMANDS, SECTIONS
from regolo_git.errors import InvalidInput


class CommandGroup(click.Group):
    """A group that knows its commands from the table alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports a command; None where there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(import_module(entry.module), entry.attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command to run.  Raises InvalidInput with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise InvalidInput(f"there is no command '{args[0]}'", _nearest(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Writes the list of commands, in sections."""
        width = max(len(name) for name in COMMANDS)
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry.help) for name, entry in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that start like that; click's own way would import each of them."""
        named = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)


ELSEWHERE = {  # what people of other tools, and of git itself, type for it
    "add": "git regolo commit -h",
    "clone": "git clone URL && git regolo init",
    "delete": "git regolo remove -h",
    "deploy": "git regolo promote -h",
    "download": "git regolo checkout -h",
    "fetch": "git fetch --tags",
    "get": "git regolo checkout -h",
    "info": "git regolo show -h",
    "ls": "git regolo list",
    "models": "git regolo list",
    "publish": "git regolo promote -h",
    "pull": "git pull --tags",
    "push": "git push --follow-tags",
    "restore": "git regolo checkout -h",
    "retire": "git regolo remove -h",
    "rm": "git regolo remove -h",
    "stage": "git regolo promote -h",
    "verify": "git regolo fsck",
    "versions": "git regolo list MODEL",
}


def _nearest(name: str) -> str:
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"git regolo {close[0]}" if close else "git regolo -h"
