"""The argument `progress` of functions that move bytes: a callback, or True for a line on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeAlias

from regolo_git.artifacts.progress import OnProgress, Progress, ignore_progress
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text

ProgressOption: TypeAlias = OnProgress | bool | None
SECONDS_APART = 0.1
PATIENCE_SECONDS = 0.5


@contextmanager
def reporting(progress: ProgressOption, doing: str) -> Iterator[OnProgress]:
    """The callback for a job, `doing` it in words.  Raises TypeError for any other argument."""
    if progress is None or progress is False:
        yield ignore_progress
    elif progress is True:
        line = _Line(one_line(doing))
        try:
            yield line.show
        finally:
            line.end()
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress must be a function, True or None, not {progress!r}")


class _Line:
    """A line that is written over, for terminals and notebooks; none for a job that is done at once."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._shown_at = monotonic() + PATIENCE_SECONDS - SECONDS_APART
        self._width = 0

    def show(self, progress: Progress) -> None:
        now = monotonic()
        if now - self._shown_at >= SECONDS_APART:
            self._shown_at = now
            self._write(progress)

    def _write(self, progress: Progress) -> None:
        of = f" of {size_text(progress.total)}" if progress.total is not None else ""
        found = f", {size_text(progress.found)} already there" if progress.found else ""
        text = f"{self._doing}: {size_text(progress.done)}{of}{found}"
        sys.stderr.write(f"\r{text:{self._width}}")
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        if self._width:
            sys.stderr.write("\n")
            sys.stderr.flush()
