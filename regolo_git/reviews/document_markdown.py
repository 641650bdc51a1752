"""Writes a document as Markdown for a comment, which hosts limit in length.

What does not fit is left out by weight, and the reader is told how much.  A table or details of which
nothing is left take no room either.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regolo_git.errors import InvalidInput
from regolo_git.reviews.document import Block, Details, Document, Grid, GridRow, Paragraph, Text
from regolo_git.reviews.markdown import escape
from regolo_git.reviews.page import Cell, cell
from regolo_git.text.numbers import counted
from regolo_git.text.printable import without_controls

MOST_CHARACTERS = 60_000
FEWEST_CHARACTERS = 2_000
LONGEST_TEXT = 300  # of one cell; what somebody else wrote must not take the room of everything else
# What would make a paragraph something else where it is the first thing in it, or a command to the host.
OPENING = re.compile(r"(?=[#>+\-=/])|(\d+)(?=[.)](?:\s|$))")
NOT_IN_CODE = re.compile(r"[`|\\\n]")


@dataclass(frozen=True, slots=True)
class _Frame:
    """What surrounds pieces, and is written only if one of them is."""

    opening: str
    closing: str = ""
    inside: "_Frame | None" = None

    @property
    def length(self) -> int:
        return len(self.opening) + len(self.closing)

    @property
    def path(self) -> "tuple[_Frame, ...]":
        """This frame and those around it, the outermost first."""
        return (*(self.inside.path if self.inside is not None else ()), self)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    weight: int
    frames: tuple[_Frame, ...] = ()


def document_to_markdown(document: Document, most: int = MOST_CHARACTERS) -> str:
    """The document in at most `most` characters.  Raises InvalidInput if that is too few for any."""
    if most < FEWEST_CHARACTERS:
        raise InvalidInput(f"a comment needs at least {FEWEST_CHARACTERS} characters, not {most}")
    head = f"<!-- {_marker(document.marker)} -->\n" if document.marker else ""
    head += f"### {_inline(document.heading)}\n"
    foot = f"\n<sub>{_inline(document.footer)}</sub>\n" if document.footer else ""
    pieces = list(_pieces(document.blocks))
    chosen = _chosen(pieces, most - len(head) - len(foot))
    if len(chosen) < len(pieces):
        rest = _left_out(len(pieces), document.whole)
        chosen = _chosen(pieces, most - len(head) - len(foot) - len(rest))
        foot = _left_out(len(pieces) - len(chosen), document.whole) + foot
    return f"{head}{''.join(_written(pieces, chosen))}{foot}"


def _left_out(count: int, whole: Text) -> str:
    command = f"; {_inline(whole)}" if whole else ""
    return f"\n**{counted(count, 'line')} left out** to stay within a comment's limit{command}\n"


def _marker(text: str) -> str:
    """A comment's text; two hyphens would end it."""
    return re.sub(r"[^\w =.:/-]|-(?=-)", "", without_controls(text))


# -- choosing ---------------------------------------------------------------------------------------------


def _chosen(pieces: Sequence[_Piece], room: int) -> set[int]:
    """The numbers of the pieces that fit, the lightest first, with what surrounds them."""
    chosen: set[int] = set()
    opened: set[int] = set()
    for number in sorted(range(len(pieces)), key=lambda number: (pieces[number].weight, number)):
        piece = pieces[number]
        new = [frame for frame in piece.frames if id(frame) not in opened]
        cost = len(piece.text) + sum(frame.length for frame in new)
        if cost <= room:
            room -= cost
            chosen.add(number)
            opened |= {id(frame) for frame in new}
    return chosen


def _written(pieces: Sequence[_Piece], chosen: set[int]) -> Iterator[str]:
    held: tuple[_Frame, ...] = ()
    for number in sorted(chosen):
        piece = pieces[number]
        common = 0
        while common < min(len(held), len(piece.frames)) and held[common] is piece.frames[common]:
            common += 1
        yield from (frame.closing for frame in reversed(held[common:]))
        yield from (frame.opening for frame in piece.frames[common:])
        held = piece.frames
        yield piece.text
    yield from (frame.closing for frame in reversed(held))


# -- writing ----------------------------------------------------------------------------------------------


def _pieces(blocks: Sequence[Block], inside: _Frame | None = None) -> Iterator[_Piece]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield _Piece(_paragraph(block), block.weight, inside.path if inside is not None else ())
        elif isinstance(block, Grid):
            yield from _grid(block, inside)
        else:
            yield from _pieces(block.blocks, _details(block))


def _details(block: Details) -> _Frame:
    opening = "<details open>" if block.opened else "<details>"
    return _Frame(f"\n{opening}<summary>{_inline(block.summary, html=True)}</summary>\n", "\n</details>\n")


def _paragraph(block: Paragraph) -> str:
    text = _inline(block.text).strip()
    found = OPENING.match(text)
    if found is not None:
        text = f"{found[1] or ''}\\{text[found.end() :]}"
    return f"\n> [!WARNING]\n> {text}\n" if block.alert else f"\n{text}\n"


def _grid(block: Grid, inside: _Frame | None) -> Iterator[_Piece]:
    titles = " | ".join(_inline((column.title,)) for column in block.columns)
    lines = " | ".join("---:" if column.number else "---" for column in block.columns)
    frame = _Frame(f"\n| {titles} |\n| {lines} |\n", "", inside)
    path = frame.path
    for row in block.rows:
        yield _Piece(_row(row), row.weight, path)


def _row(row: GridRow) -> str:
    return "| " + " | ".join(map(_inline, row.cells)) + " |\n"


def _inline(text: Text, *, html: bool = False) -> str:
    return "".join(_part(cell(part), html=html) for part in text)


def _part(part: Cell, *, html: bool) -> str:
    shown = shortened(part.text)
    if not shown.strip():
        return shown
    if part.meaning == "code":
        if html or NOT_IN_CODE.search(shown) or shown != shown.strip():
            return f"<code>{escape(shown)}</code>"
        return f"`{without_controls(shown)}`"
    if part.meaning in ("strong", "fail", "worse"):
        plain = shown[0].isalnum() and (shown[-1].isalnum() or shown[-1] in ":.")
        return f"**{escape(shown)}**" if plain and not html else f"<b>{escape(shown)}</b>"
    return escape(shown)


def shortened(text: str) -> str:
    """The text on one line, and without its end if it is long."""
    line = re.sub(r"[ \t\r\n]+", " ", text)
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"
