"""How far a job is: one value for whatever reads, writes, checks or sends bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes that are done since the job began, of a `total` (None while it is unknown).

    `found` is how many of the done bytes were already there, and cost nothing.
    """

    done: int = 0
    total: int | None = None
    found: int = 0

    def advanced(self, size: int, *, found: int = 0) -> Self:
        """The progress once `size` more bytes are done, `found` of them already there."""
        return type(self)(self.done + size, self.total, self.found + found)


OnProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Where nobody watches."""


def following(before: Progress, on_progress: OnProgress) -> OnProgress:
    """Reports a part of a job that starts at `before`, whose total is the whole job's."""

    def report(part: Progress) -> None:
        on_progress(before.advanced(part.done, found=part.found))

    return report
