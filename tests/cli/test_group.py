"""A group of commands: imported when they run, found by alias, and the nearest one named."""

import sys
from pathlib import Path

import click
import pytest
from support.command_line import Regolo

from regolo_git.cli.command_names import ALIASES, COMMANDS, ELSEWHERE, Entry
from regolo_git.cli.group import CommandGroup
from regolo_git.cli.main import group
from regolo_git.errors import InvalidInput

RETIRE = ("m@1.0", "-m", "wrong data")


def small_group() -> CommandGroup:
    entry = Entry("regolo_git.cli.commands.completion", "completion", "One line.")
    return CommandGroup(name="outer", sections={"Commands": {"completion": entry}})


def test_the_list_of_commands_imports_none_of_them() -> None:
    sys.modules.pop("regolo_git.cli.commands.completion", None)
    outer = small_group()
    context = click.Context(outer, info_name="outer")
    assert "  completion  One line." in outer.get_help(context)
    assert [item.value for item in outer.shell_complete(context, "com")] == ["completion"]
    assert "regolo_git.cli.commands.completion" not in sys.modules


def test_a_command_that_does_not_exist_is_none() -> None:
    outer = small_group()
    assert outer.get_command(click.Context(outer), "elsewhere") is None


def test_the_nearest_command_is_named_with_the_group_that_it_is_in() -> None:
    outer = small_group()
    context = click.Context(outer, info_name="git regolo outer")
    for typed, hint in (("complation", "git regolo outer completion"), ("x", "git regolo outer -h")):
        with pytest.raises(InvalidInput, match=f"unknown command '{typed}'") as refused:
            outer.resolve_command(context, [typed])
        assert refused.value.hint == hint


def test_no_word_of_other_tools_is_a_command_of_ours() -> None:
    assert ELSEWHERE.keys().isdisjoint(group.entries)
    assert ELSEWHERE.keys().isdisjoint(ALIASES)


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_is_in_the_help_of_its_command_and_not_in_the_list(
    regolo: Regolo, alias: str, name: str
) -> None:
    assert not any(alias in entries for entries in COMMANDS.values())
    assert f"`git regolo {alias}` is an alias" in " ".join(regolo(name, "-h").out.split())
    assert regolo(alias, "-h").out == regolo(name, "-h").out


def test_an_alias_does_the_same_and_its_messages_say_the_name(regolo: Regolo, two_versions: Path) -> None:
    for word in ("remove", "retire"):
        refused = regolo("-C", str(two_versions), word, *RETIRE, status=4)
        line = f"git regolo -C {two_versions} retire m@1.0 -m 'wrong data' --yes"
        assert refused.err.endswith(f"error: refusing to retire 'm@1.0' without confirmation\nhint: {line}\n")
    plans = [regolo(word, *RETIRE, "--dry-run", "--json").document for word in ("remove", "retire")]
    assert plans[0] == plans[1]
    assert regolo("remove", *RETIRE, "--yes").out == "m@1.0\n"
    assert regolo("show", "m@1.0", "--json").document["status"] == "retired"


def test_a_mistake_after_an_alias_shows_how_the_command_is_called(regolo: Regolo) -> None:
    assert regolo("remove", "m@1.0", status=2).err.endswith("hint: git regolo retire m@1.0 -m REASON\n")


@pytest.mark.parametrize("name", ["canary", "endpoint", "environment", "hooks"])
def test_a_group_alone_shows_its_help(regolo: Regolo, top: Path, name: str) -> None:
    assert regolo(name).out == regolo(name, "-h").out
