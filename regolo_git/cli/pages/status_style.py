"""The colours of a version's status."""

from regolo_git.cli.tables import Cell
from regolo_git.registry.version_status import PROPOSED, READY, RETIRED

_COLOURS = {READY: "", RETIRED: "dim", PROPOSED: "yellow"}


def status_colour(status: str) -> str:
    """The colour of a status; green for an environment."""
    return _COLOURS.get(status, "green")


def status_cell(status: str) -> Cell:
    """The status as a coloured table cell."""
    return Cell(status, status_colour(status))
