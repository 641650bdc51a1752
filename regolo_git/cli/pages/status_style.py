"""The colours of a version's status."""

from typing import TYPE_CHECKING

from regolo_git.cli.dates import shown_time
from regolo_git.cli.tables import Cell
from regolo_git.registry.version_status import PROPOSED, READY, RETIRED, UNCOMMITTED, UNMERGED
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.commits import person
from regolo_git.text.printable import one_line

if TYPE_CHECKING:
    from regolo_git.registry.retirements import Retirement

_COLOURS = {READY: "", RETIRED: "dim", PROPOSED: "yellow", UNMERGED: "yellow", UNCOMMITTED: "yellow"}
_NOT_MERGED = (UNMERGED, PROPOSED, UNCOMMITTED)  # which say so themselves


def status_colour(status: str) -> str:
    """The colour of a status; green for an environment."""
    return _COLOURS.get(status, "green")


def status_text(version: ModelVersion) -> str:
    """The status: every environment, the highest first, and also "retired" and "not merged"."""
    words = [*reversed(version.environments)]
    if version.status not in words:
        words.insert(0, version.status)
    if not version.merged and version.status not in _NOT_MERGED:
        words.append(UNMERGED)
    return ", ".join(words)


def version_cell(version: ModelVersion, *, current: bool = False) -> Cell:
    """The status of a version as a coloured table cell; `current` marks the version that the branch has."""
    text = status_text(version)
    return Cell(f"{text}, current" if current else text, status_colour(version.status))


def labels_text(version: ModelVersion) -> str:
    """The labels on one line: `approved=yes lang=en`."""
    return one_line(" ".join(f"{name}={value}" for name, value in version.labels.items()))


def retirement_text(retired: "Retirement") -> str:
    """On one line: `2026-11-26 18:17 by Ada Byron: wrong data`."""
    return one_line(f"{shown_time(retired.when)} by {person(retired.who)}: {retired.reason}")
