"""A host and its clones, and a `git` that kills who calls it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.clones import team

__all__ = ["team"]


@pytest.fixture
def killing(tmp_path: Path) -> Callable[[str], str]:
    """A PATH with a `git` that does what it is told and, after one subcommand, kills its caller."""

    def path_of(subcommand: str) -> str:
        killer = tmp_path / "killing" / "git"
        killer.parent.mkdir()
        killer.write_text(
            f'#!/bin/sh\n{shutil.which("git")} "$@" || exit\ncase " $* " in\n*" -n "*) ;;\n'
            f'*" {subcommand} "*) kill -9 $PPID ;;\nesac\n'
        )
        killer.chmod(0o755)
        return f"{killer.parent}{os.pathsep}{os.environ['PATH']}"

    return path_of
