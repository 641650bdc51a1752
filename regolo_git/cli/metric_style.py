"""How metrics look: a name with its unit, a verdict in green or red, a row without a header."""

from regolo_git.cli.columns import Column
from regolo_git.cli.tables import Cell, Row
from regolo_git.review.words import verdict_text
from regolo_git.text.numbers import number_text, signed_number_text, signed_percent_text
from regolo_git.text.printable import one_line
from regolo_git.verdict.metrics import MetricChange

_COLOURS = {"better": "green", "worse": "red", "same": "dim", "removed": "yellow"}

METRIC_COLUMNS = (
    Column("METRIC", flexible=True),
    Column("VALUE", right=True),
    Column("CHANGE", right=True),
    Column("RELATIVE", right=True, spare=1),
    Column("VERDICT"),
)


def metric_name(name: str, change: MetricChange) -> str:
    """The metric with its unit: `latency (ms)`."""
    return one_line(f"{name} ({change['unit']})" if change["unit"] else name)


def verdict_cell(change: MetricChange) -> Cell:
    """Whether it is better."""
    return Cell(verdict_text(change), _COLOURS.get(change["verdict"], ""))


def metric_row(name: str, change: MetricChange) -> Row:
    """A metric's value, and how it got there; a first value has no verdict."""
    first = change["verdict"] == "added"
    return (
        metric_name(name, change),
        number_text(change["b"]),
        signed_number_text(change["diff"] or None),
        signed_percent_text(change["relative"] or None),
        "" if first else verdict_cell(change),
    )
