"""The progress of a job that reads, writes, checks or transfers bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes done since the job began, of a `total` (None while unknown).

    `found` is the number of these bytes that were already present and needed no work.
    """

    done: int = 0
    total: int | None = None
    found: int = 0

    def advanced(self, size: int, *, found: int = 0) -> Self:
        """The progress after `size` more bytes, `found` of them already present."""
        return type(self)(self.done + size, self.total, self.found + found)


OnProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """The default callback: does nothing."""


def following(before: Progress, on_progress: OnProgress) -> OnProgress:
    """A callback for a part of a job that starts at `before`; it reports the progress of the whole job."""

    def report(part: Progress) -> None:
        on_progress(before.advanced(part.done, found=part.found))

    return report
