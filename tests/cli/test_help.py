"""The help is complete, the same everywhere, and frozen in a golden file."""

import os
from pathlib import Path

import click
import pytest
from support.command_line import Regolo
from support.places import GOLDEN

from regolo_git.cli import commands
from regolo_git.cli.command_names import (
    CANARY_COMMANDS,
    COMMANDS,
    ENDPOINT_COMMANDS,
    ENVIRONMENT_COMMANDS,
    HOOKS_COMMANDS,
    REMOTE_COMMANDS,
)
from regolo_git.cli.group import CommandGroup
from regolo_git.cli.main import group

HELP = GOLDEN / "cli" / "help.txt"
REGENERATE = "REGOLO_REGENERATE_GOLDEN"
regenerate = bool(os.environ.get(REGENERATE))


def all_commands() -> dict[str, click.Command]:
    """Every command by the words that call it, those of groups too."""
    found = {}
    for name, command in commands_of(group).items():
        found[name] = command
        if isinstance(command, CommandGroup):
            found |= {f"{name} {inner}": it for inner, it in sorted(commands_of(command).items())}
    return found


def commands_of(parent: CommandGroup) -> dict[str, click.Command]:
    found = {name: parent.get_command(click.Context(parent), name) for name in parent.entries}
    return {name: command for name, command in found.items() if command is not None}


ALL = all_commands()


def whole_help(regolo: Regolo) -> str:
    pages = [regolo("-h").out] + [regolo(*name.split(), "-h").out for name in ALL]
    return ("\n" + "-" * 80 + "\n\n").join(pages)


def test_the_whole_help_is_what_it_was(regolo: Regolo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    now = whole_help(regolo)
    if regenerate:
        HELP.write_text(now)
    assert now == HELP.read_text(), f"{REGENERATE}=1 pytest {Path(__file__).name} writes it anew"


def test_the_help_fits_a_terminal_of_80_columns(regolo: Regolo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in whole_help(regolo).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_examples_and_exit_statuses(name: str) -> None:
    command = ALL[name]
    assert command.name == name.rsplit(maxsplit=1)[-1]
    assert "Examples:" in (command.help or "")
    assert f"git regolo {name} " in f"{command.help} ".replace("\n", " ") or name == "demo"
    assert "Exit status: 0" in (command.help or "")


@pytest.mark.parametrize(
    "name", [name for name, it in ALL.items() if "as_plain" in {p.name for p in it.params}]
)
def test_the_fields_of_plain_lines_are_named(name: str) -> None:
    assert "With --plain, one line for" in (ALL[name].help or "")


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_explained(name: str) -> None:
    command = ALL[name]
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_every_module_of_a_command_is_in_the_table() -> None:
    (directory,) = map(Path, commands.__path__)
    files = {path for path in directory.rglob("*.py") if path.name != "__init__.py"}
    modules = {
        ".".join((commands.__name__, *path.relative_to(directory).with_suffix("").parts)) for path in files
    }
    entries = [
        entry
        for table in (
            COMMANDS,
            CANARY_COMMANDS,
            ENDPOINT_COMMANDS,
            ENVIRONMENT_COMMANDS,
            REMOTE_COMMANDS,
            HOOKS_COMMANDS,
        )
        for section in table.values()
        for entry in section.values()
    ]
    assert modules == {entry.module for entry in entries}
