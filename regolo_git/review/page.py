"""A page: what is to be read of a thing, as a value, before it is Markdown, HTML or lines on a terminal.

All text in it is as somebody wrote it.  Each writer makes it safe for its own medium: `markdown.py` and
`html.py` beside this, and the command line's for terminals.

A document is read from its top and a terminal from its bottom: `lead` opens a document, `brief` and `notes`
stand beside and below the title on a terminal, and `conclusion` is the line that it ends with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Meaning = Literal[
    "",
    "strong",
    # verdicts
    "better",
    "worse",
    "same",
    "changed",
    "added",
    "removed",
    # what became of a file or a tensor
    "new",
    "gone",
    "reshaped",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and what it means; how that looks is for the writers."""

    text: str
    meaning: Meaning = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title in a document, and its `heading` on a terminal, else the title in capitals.

    A terminal that is too narrow cuts columns that are `flexible`, then leaves out those that are `spare`,
    the greatest number first.
    """

    title: str
    heading: str | None = None
    number: bool = False
    flexible: bool = False
    spare: int = 0


Row = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Section:
    """A table, or names and values where there are no columns.

    `most` rows are enough in a pull request and a `screenful` on a terminal (None: all of them); `rest` says
    where the whole is.
    """

    title: str
    rows: Sequence[Row]
    columns: Sequence[Column] = ()
    most: int | None = None
    screenful: int | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is about (`subject`), what of it (`title`), and sections; one without rows is left out."""

    subject: str
    title: str
    sections: Sequence[Section]
    lead: Sequence[Cell] = ()
    brief: str = ""
    notes: Sequence[str] = ()
    conclusion: str = ""


def cell(content: Cell | str) -> Cell:
    """The cell; a text alone is one without a meaning."""
    return content if isinstance(content, Cell) else Cell(content)
