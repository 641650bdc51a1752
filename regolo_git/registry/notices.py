"""Warnings that point at the caller's line, not at one in this package."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from regolo_git.errors import RegoloError, RegoloNotice
from regolo_git.hints import NextStep

PACKAGE = str(Path(__file__).parents[1])


def words_of(error: RegoloError, step: Callable[[NextStep], str]) -> str:
    """The message of an error and its hint, which `step` words for the command line or for Python."""
    return f"{error.message} ({step(error.hint)})" if error.hint else error.message


def warn(text: str) -> None:
    """Issues a `RegoloNotice` for the first caller outside this package."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 - the standard library's `warn` finds its caller in the same way
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, RegoloNotice, stacklevel=level)
