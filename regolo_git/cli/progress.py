"""A progress bar on stderr, for a person, once a job has lasted over half a second."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from regolo_git.cli.streams import is_terminal, takes_colour
from regolo_git.review.words import size_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PATIENCE_SECONDS = 0.5

# How wide a terminal must be, for what the numbers leave room for.
NUMBERS_WIDTH = 32  # 999.9/999.9 MB 999.9 MB/s 00:00
FOUND_WIDTH = 64
BAR_WIDTH = 72


class ProgressBar:
    """Counts bytes, and draws them with rate, time left and what was there already; a context manager.

    In a pipe and on a dumb terminal it stays silent, and in a short job rich is not even imported.
    """

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._before = 0
        self._found = 0
        self._start = monotonic()
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._wanted = is_terminal(sys.stderr) and takes_colour(sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def advance(self, amount: int) -> None:
        """Counts more bytes that are done."""
        self._draw_at(self._done + amount)

    def reach(self, done: int, found: int = 0) -> None:
        """Counts what a job says it has done so far; a number that falls belongs to the next job.

        `found` of these bytes were in the store already.
        """
        if self._before + done < self._done:
            self._before = self._done
        self._found = found
        self._draw_at(self._before + done)

    def _draw_at(self, done: int) -> None:
        self._done = done
        if self._bar is None and self._wanted and monotonic() - self._start > PATIENCE_SECONDS:
            self._bar = self._draw()
        if self._bar is not None and self._task is not None:
            found = f"{size_text(self._found)} there already" if self._found else ""
            self._bar.update(self._task, completed=self._done, found=found)

    def stop(self) -> None:
        """Takes the bar off the screen; nothing is drawn afterwards."""
        self._wanted = False
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self) -> "RichProgress":
        # Only a job that somebody waits for pays for importing rich.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        console = Console(file=sys.stderr)
        what = [TextColumn("{task.description}", markup=False)]
        numbers = [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True)]
        found = [TextColumn("{task.fields[found]}", markup=False)]
        # On a narrow terminal numbers say more than a line that grows.
        parts = [
            *(what if console.width >= NUMBERS_WIDTH + len(self._what) else []),
            *([BarColumn(bar_width=24)] if console.width >= BAR_WIDTH else []),
            *numbers,
            *(found if console.width >= FOUND_WIDTH else []),
        ]
        bar = Progress(*parts, console=console, transient=True)
        self._task = bar.add_task(self._what, total=self._total, completed=self._done, found="")
        bar.start()
        return bar
