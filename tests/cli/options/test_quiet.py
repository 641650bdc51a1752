"""`-q` on every command, and a working directory that is gone."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.command_line import Regolo

from regolo_git.api import Registry
from regolo_git.cli.main import group
from regolo_git.errors import NotFound


def commands(above: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(above)
    for name in above.list_commands(context):
        command = above.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield *path, name


@pytest.mark.parametrize("path", list(commands(group)), ids=" ".join)
def test_every_command_takes_it_and_names_a_working_directory_that_is_gone(
    regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]
) -> None:
    assert "-q, --quiet" in regolo(*path, "-h").out
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    gone = regolo(*path, status=3)
    assert gone.err == "error: the working directory was deleted\nhint: cd to another directory\n"
    regolo("-C", str(tmp_path), *path, "-h")


def test_quiet_commands_print_results_notes_and_errors(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("init", "-q").err == ""
    assert regolo("checkout", "m@1.0", "-q").err == ""
    assert regolo("promote", "m@1.1", "staging", "-q") == regolo("show", "m@1.1", "-q").__class__(
        0, "m@1.1\n", ""
    )
    assert regolo("revert", "m", "--to", "1.0", "-q").err == ""
    assert regolo("retire", "m@1.0", "-m", "wrong", "-q", "--yes").err == ""
    assert regolo("config", "store.digest", "blake3", "-q").err == ""
    (two_versions / ".gitignore").write_text("# changed\n")
    (two_versions / "n.bin").write_bytes(b"n")
    assert regolo("register", "n", "n.bin", "-q").err.startswith("note: ")
    assert "error: " in regolo("checkout", "m@9.9", "-q", status=3).err


def test_python_names_a_working_directory_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(NotFound, match="working directory was deleted"):
        Registry.open(".")
    os.chdir(tmp_path)
