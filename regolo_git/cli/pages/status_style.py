"""How the status of a version looks."""

from regolo_git.cli.tables import Cell
from regolo_git.registry.version_status import PROPOSED, READY, RETIRED

_COLOURS = {READY: "", RETIRED: "dim", PROPOSED: "yellow"}


def status_colour(status: str) -> str:
    """Green for an environment: somebody uses it."""
    return _COLOURS.get(status, "green")


def status_cell(status: str) -> Cell:
    """The status in a table."""
    return Cell(status, status_colour(status))
