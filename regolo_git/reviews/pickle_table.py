"""The table of the names that the pickles of a reviewed version ask for."""

from collections.abc import Iterator

from regolo_git.reviews.document import (
    DETAIL,
    IMPORTANT,
    Grid,
    GridRow,
    Inner,
    Paragraph,
    Text,
    code,
    flexible,
    strong,
)
from regolo_git.reviews.page import Cell
from regolo_git.reviews.pickles import PickleReview, ReviewedName
from regolo_git.text.numbers import counted
from regolo_git.verdict.pickle_names import NameClass

NAMED = 4
ROWS_SHOWN = 100
HARMLESS = (NameClass.ALLOWED, NameClass.KNOWN)


def pickle_table(pickles: PickleReview) -> Iterator[Inner]:
    """The names that are new, gone, or not harmless; and what could not be read."""
    for unread in pickles.unread[:NAMED]:
        yield Paragraph((strong("Unreadable pickle:"), f" {unread}."), IMPORTANT)
    shown = [each for each in pickles.names if not (each.before and each.after and each.kind in HARMLESS)]
    rows = [
        GridRow(
            ((code(str(each.asked)),), _kind_of_name(each), (_when(each),), (_where(each),)),
            IMPORTANT if each.kind is NameClass.DANGEROUS else DETAIL,
        )
        for each in shown[:ROWS_SHOWN]
    ]
    if rows:
        yield Grid(flexible("a pickle asks for", "which is", "since", "where"), rows)
    same, more = len(pickles.names) - len(shown), len(shown) - len(rows)
    if pickles.names:
        left_out = f" Not shown: {counted(more, 'name')}." if more else ""
        unchanged = f" Unchanged: {counted(same, 'harmless name')}." if same else ""
        yield Paragraph((strong("Pickles."), f" Nothing was loaded.{left_out}{unchanged}"), DETAIL)


def _kind_of_name(name: ReviewedName) -> Text:
    return (Cell(name.kind.value, "fail" if name.kind is NameClass.DANGEROUS else ""),)


def _when(name: ReviewedName) -> str:
    if not name.after:
        return "gone"
    return "as before" if name.before else "new"


def _where(name: ReviewedName) -> str:
    place = f"{name.file}, {name.asked.member}" if name.asked.member else name.file
    return f"{place}, byte {name.asked.offset}"
