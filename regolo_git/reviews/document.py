"""A document as a value: paragraphs, tables and details that fold, to be written in several media.

Its text is not escaped: `document_markdown.py` and `document_html.py` in this package and
`cli/pages/document.py` each do that for their own medium.  A writer with a limit leaves out what has the
highest `weight` first, and of that the last; of the other writers none leaves out anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from regolo_git.reviews.page import Cell, Column

KEPT, IMPORTANT, USUAL, DETAIL = range(4)
NO_BREAK = "\u00a0"
Text: TypeAlias = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; an `alert` warns the reader."""

    text: Text
    weight: int = USUAL
    alert: bool = False


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row of a table."""

    cells: Sequence[Text]
    weight: int = USUAL


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    columns: Sequence[Column]
    rows: Sequence[GridRow]


Inner: TypeAlias = Paragraph | Grid


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks below a summary, which a reader can fold; those that matter are `opened`."""

    summary: Text
    blocks: Sequence[Inner]
    opened: bool = False


Block: TypeAlias = Inner | Details


@dataclass(frozen=True, slots=True)
class Document:
    """A heading, blocks and a footer; `marker` is for programs that look for the document among others.

    `whole` says how to see what a writer left out.
    """

    heading: Text
    blocks: Sequence[Block]
    footer: Text = ()
    marker: str = ""
    whole: Text = field(default=())


def code(text: str) -> Cell:
    """A name or a command, to be shown as such."""
    return Cell(text, "code")


def strong(text: str) -> Cell:
    """A text that stands out."""
    return Cell(text, "strong")


def plain(text: Text) -> str:
    """The text alone, with ordinary spaces."""
    return "".join(part if isinstance(part, str) else part.text for part in text).replace(NO_BREAK, " ")


def unbroken(text: str) -> str:
    """The text with spaces at which no line is broken."""
    return text.replace(" ", NO_BREAK)


def flexible(*titles: str) -> tuple[Column, ...]:
    """Columns that a narrow terminal wraps."""
    return tuple(Column(title, flexible=True) for title in titles)
