"""A progress bar on a terminal, for jobs that last longer than half a second."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from regolo_git.artifacts.progress import Progress
from regolo_git.cli.streams import is_quiet, is_terminal, takes_colour
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PATIENCE_SECONDS = 0.5

# The terminal widths from which each part is shown.
NUMBERS_WIDTH = 32  # 999.9/999.9 MB 999.9 MB/s 00:00
FOUND_WIDTH = 64
BAR_WIDTH = 72


class ProgressBar:
    """Draws bytes done, rate, time left and bytes already in the store; a context manager.

    It draws nothing in a pipe, on a dumb terminal or with `-q`, and does not import rich for a short job.
    """

    def __init__(self, what: str) -> None:
        self._what = one_line(what)
        self._start = monotonic()
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._wanted = is_terminal(sys.stderr) and takes_colour(sys.stderr) and not is_quiet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def show(self, progress: Progress) -> None:
        """Updates the bar, and draws it first if the job has lasted long enough."""
        if self._bar is None and self._wanted and monotonic() - self._start > PATIENCE_SECONDS:
            self._bar = self._draw()
        if self._bar is not None and self._task is not None:
            found = f"{size_text(progress.found)} already stored" if progress.found else ""
            self._bar.update(self._task, completed=progress.done, total=progress.total, found=found)

    def show_whole(self, progress: Progress) -> None:
        """The same, and removes the bar with the last byte, because another one follows."""
        self.show(progress)
        if self._bar is not None and progress.done == progress.total:
            self._bar.stop()
            self._bar = None

    def stop(self) -> None:
        """Removes the bar for good."""
        self._wanted = False
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self) -> "RichProgress":
        # rich is imported only for a job that takes long enough to need it.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        console = Console(file=sys.stderr)
        what = [TextColumn("{task.description}", markup=False)]
        numbers = [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True)]
        found = [TextColumn("{task.fields[found]}", markup=False)]
        # On a narrow terminal the numbers are worth more than the bar.
        parts = [
            *(what if console.width >= NUMBERS_WIDTH + len(self._what) else []),
            *([BarColumn(bar_width=24)] if console.width >= BAR_WIDTH else []),
            *numbers,
            *(found if console.width >= FOUND_WIDTH else []),
        ]
        bar = RichProgress(*parts, console=console, transient=True)
        self._task = bar.add_task(self._what, total=None, found="")
        bar.start()
        return bar
