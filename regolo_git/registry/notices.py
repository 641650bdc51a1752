"""Warnings that point at the caller's line, not at one in this package."""

import sys
import warnings
from pathlib import Path

from regolo_git.errors import RegoloNotice

PACKAGE = str(Path(__file__).parents[1])


def warn(text: str) -> None:
    """Issues a `RegoloNotice` for the first caller outside this package."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 - the standard library's `warn` finds its caller in the same way
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, RegoloNotice, stacklevel=level)
