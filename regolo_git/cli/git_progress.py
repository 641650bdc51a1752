"""The progress of a git transfer, on one line of a terminal."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from regolo_git.cli.streams import clear_line, is_quiet, is_terminal, takes_colour, talk_on_line

if TYPE_CHECKING:
    from regolo_git.git.remote.transport import GitProgress

PATIENCE_SECONDS = 0.5
STEP_SECONDS = 0.1


class GitProgressLine:
    """Shows phases ("Receiving objects: 45 of 100"); a context manager.  It shows nothing in a pipe."""

    def __init__(self) -> None:
        self._next = monotonic() + PATIENCE_SECONDS
        self._wanted = is_terminal(sys.stderr) and takes_colour(sys.stderr) and not is_quiet()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            clear_line()

    def show(self, progress: "GitProgress") -> None:
        """Updates the line, at most ten times a second."""
        if self._wanted and monotonic() > self._next:
            self._next, self._shown = monotonic() + STEP_SECONDS, True
            of = f" of {progress.total}" if progress.total is not None else ""
            talk_on_line(f"{progress.phase}: {progress.done}{of}")
