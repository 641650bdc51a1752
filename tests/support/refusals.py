"""A command that is refused: the error has a subject, a hint that helps, and nothing at all has changed."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from regolo_git.cli.main import group
from support.command_line import Regolo
from support.everything import Everything

GIT_ITSELF = {
    "add", "cherry-pick", "commit", "config", "diff", "fetch", "fsck", "init", "log", "merge", "mv", "rebase",
    "am", "restore", "revert", "rm", "show", "sparse-checkout", "switch", "tag", "worktree",
}  # fmt: skip
OTHER_PROGRAMS = {"chmod", "pip", "rm", "apt-get"}


@dataclass(frozen=True)
class Refusal:
    """What was said."""

    message: str
    hint: str | None


def refuse(regolo: Regolo, top: Path, status: int, words: str, arguments: Sequence[str]) -> Refusal:
    """Runs a command that must be refused with these words; sees that nothing is left of it."""
    before = Everything.of(top)
    done = regolo(*arguments, status=status)
    before.must_be(top)
    assert done.out == ""
    said = refusal(done.err)
    assert re.search(words, said.message), said.message
    return said


def refusal(stderr: str) -> Refusal:
    """The error of a command, whose hint, if it is one, is a command that exists."""
    lines = [line for line in stderr.splitlines() if line.startswith(("error: ", "hint: "))]
    assert lines, stderr
    assert stderr.count("error: ") == 1
    message = lines[0].removeprefix("error: ")
    assert message[:1] == message[:1].lower()
    assert not message.endswith(".")
    assert message.isprintable()
    hint = lines[1].removeprefix("hint: ") if len(lines) > 1 else None
    if hint is not None:
        check_hint(hint)
    return Refusal(message, hint)


def check_hint(hint: str) -> None:
    """A hint that begins with a program's name is a command line of a program and command that exist."""
    assert hint.isprintable()
    if not hint.startswith(("git ", *(f"{program} " for program in OTHER_PROGRAMS))):
        return
    program, command, *rest = shlex.split(
        hint.split("   (", maxsplit=1)[0].split("  (", maxsplit=1)[0].split(", ", maxsplit=1)[0]
    )
    if program == "git" and command == "regolo":
        check_options(rest)
    elif program == "git":
        assert command in GIT_ITSELF, hint


def check_options(line: Sequence[str]) -> None:
    """Every command and option of a `git regolo` command line is one of ours."""
    command: click.Command = group
    context = click.Context(group)
    for word in line:
        if isinstance(command, click.Group):
            found = command.get_command(context, word)
            assert found is not None, line
            command = found
        elif word.startswith("-"):
            options = {name for parameter in command.params for name in parameter.opts}
            assert word in options | {"-h"}, line
