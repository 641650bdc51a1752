"""A page as a value, to be written as Markdown, as HTML or on a terminal.

Its text is not escaped.  Each writer escapes it for its own medium: `markdown.py` and `html.py` in this
package, and `cli/pages/terminal.py`.

A document is read from the top and a terminal from the bottom: a document starts with `lead`; a terminal
shows `brief` beside the title and `notes` below it, and ends with `conclusion`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Meaning = Literal[
    "",
    "strong",
    "code",
    # states of gates
    "pass",
    "fail",
    "open",
    # verdicts
    "better",
    "worse",
    "same",
    "unclear",
    # changes of files and tensors
    "new",
    "gone",
    "reshaped",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and its meaning; each writer decides on the style."""

    text: str
    meaning: Meaning = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title in a document, and its `heading` on a terminal (default: the title in capitals).

    A narrow terminal truncates `flexible` columns, then drops `spare` ones, the highest number first.
    """

    title: str
    heading: str | None = None
    number: bool = False
    flexible: bool = False
    spare: int = 0


Row = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Section:
    """A table, or names and values if there are no columns.

    A pull request shows at most `most` rows and a terminal at most a `screenful` (None: all); `rest` names
    the command that shows the others.
    """

    title: str
    rows: Sequence[Row]
    columns: Sequence[Column] = ()
    most: int | None = None
    screenful: int | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A subject, a title and sections; sections without rows are omitted."""

    subject: str
    title: str
    sections: Sequence[Section]
    lead: Sequence[Cell] = ()
    brief: str = ""
    notes: Sequence[str] = ()
    conclusion: str = ""


def cell(content: Cell | str) -> Cell:
    """Wraps plain text in a cell without a meaning."""
    return content if isinstance(content, Cell) else Cell(content)
