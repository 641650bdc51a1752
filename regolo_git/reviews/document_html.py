"""Writes a document as one self-contained HTML file, with everything in it."""

from collections.abc import Iterator, Sequence

from regolo_git.reviews.document import Block, Document, Grid, Paragraph, Text, plain
from regolo_git.reviews.html import whole_page
from regolo_git.reviews.page import Cell, cell
from regolo_git.text.html import escape, framed
from regolo_git.text.printable import printable

STYLE = """
code { font: .9em ui-monospace, monospace; background: #8882; padding: .1em .3em; border-radius: .3em; }
details { margin: 1rem 0; } summary { cursor: pointer; } footer { margin-top: 2rem; font-size: .8rem; }
.alert { border-left: .25rem solid #bf8700; padding-left: 1rem; }
.pass { color: #1a7f37; } .fail { color: #cf222e; font-weight: 600; } .open { color: #9a6700; }
@media (prefers-color-scheme: dark) {
  .pass { color: #56d364; } .fail { color: #ff7b72; } .open { color: #d29922; }
}
"""
COLOURED = ("better", "worse", "pass", "fail", "open")


def document_to_html(document: Document) -> str:
    """The document as an HTML page."""
    body = [f"<h1>{_inline(document.heading)}</h1>", *_blocks(document.blocks)]
    if document.footer:
        body.append(f"<footer>{_inline(document.footer)}</footer>")
    return whole_page(printable(plain(document.heading)), body, STYLE)


def document_to_fragment(document: Document) -> str:
    """The document for a notebook."""
    footer = [f"<p>{_inline(document.footer)}</p>"] if document.footer else []
    return framed([f'<p class="title">{_inline(document.heading)}</p>', *_blocks(document.blocks), *footer])


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Paragraph):
            kind = ' class="alert"' if block.alert else ""
            yield f"<p{kind}>{_inline(block.text)}</p>"
        elif isinstance(block, Grid):
            yield from _grid(block)
        else:
            yield f"<details{' open' if block.opened else ''}>"
            yield f"<summary>{_inline(block.summary)}</summary>"
            yield from _blocks(block.blocks)
            yield "</details>"


def _grid(grid: Grid) -> Iterator[str]:
    classes = [' class="number"' if column.number else "" for column in grid.columns]
    yield "<table>"
    heads = zip(classes, grid.columns, strict=True)
    yield "<tr>" + "".join(f"<th{name}>{escape(column.title)}</th>" for name, column in heads) + "</tr>"
    for row in grid.rows:
        cells = zip(classes, row.cells, strict=True)
        yield "<tr>" + "".join(f"<td{name}>{_inline(text)}</td>" for name, text in cells) + "</tr>"
    yield "</table>"


def _inline(text: Text) -> str:
    return "".join(_part(cell(part)) for part in text)


def _part(part: Cell) -> str:
    shown = escape(part.text)
    if part.meaning == "code":
        return f"<code>{shown}</code>"
    if part.meaning == "strong":
        return f"<strong>{shown}</strong>"
    return f'<span class="{part.meaning}">{shown}</span>' if part.meaning in COLOURED else shown
