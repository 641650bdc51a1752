"""Repositories that many tests start from, built once in each process and copied for every other test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

# Runs what builds on the test's repository, or copies what it built for the first test that asked for it.
Once = Callable[[Callable[[], object]], None]


def built_once(factory: pytest.TempPathFactory, name: str, top: Path, build: Callable[[], None]) -> None:
    """Builds a repository at `top`, or copies it from where it was built first."""
    template = factory.getbasetemp() / "templates" / name
    if template.exists():
        shutil.copytree(template, top, symlinks=True, dirs_exist_ok=True)
        return
    build()
    shutil.copytree(top, template, symlinks=True)
