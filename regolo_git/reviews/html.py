"""Writes a page as one self-contained HTML file: no scripts, no fonts, nothing to download."""

from collections.abc import Iterable, Iterator, Sequence

from regolo_git.reviews.page import Cell, Column, Page, Section, cell
from regolo_git.text.html import escape, framed
from regolo_git.text.html import title as title_of

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.better { color: #1a7f37; } .worse { color: #cf222e; }
@media (prefers-color-scheme: dark) { .better { color: #56d364; } .worse { color: #ff7b72; } }
"""
CLASSES = ("better", "worse")
Titles = tuple[str, str]  # of a page, and of a section
ON_A_PAGE: Titles = ("<h1>{}</h1>", "<h2>{}</h2>")
IN_NOTEBOOK: Titles = ('<p class="title">{}</p>', '<p class="section">{}</p>')


def to_html(page: Page) -> str:
    """The page as HTML: a title, the lead, and a table with every row for each section."""
    return to_html_of_several(f"{page.subject}: {page.title}", [page])


def to_html_of_several(title: str, pages: Sequence[Page]) -> str:
    """Several pages as one HTML file of this title."""
    return whole_page(title, (line for page in pages for line in _page(page)))


def to_fragment(pages: Sequence[Page], title: str | None = None) -> str:
    """Pages for a notebook, in one frame."""
    head = [title_of(title)] if title is not None else []
    return framed([*head, *(line for page in pages for line in _page(page, IN_NOTEBOOK))])


def whole_page(title: str, body: Iterable[str], style: str = "") -> str:
    """A self-contained page with a body that is escaped already; `style` adds to the usual one."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}{style}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def _page(page: Page, titles: Titles = ON_A_PAGE) -> Iterator[str]:
    yield titles[0].format(escape(f"{page.subject}: {page.title}"))
    yield f"<p>{escape(''.join(part.text for part in page.lead))}</p>"
    for section in page.sections:
        if section.rows:
            yield titles[1].format(escape(section.title))
            yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield "<table>"
    yield "<tr>" + "".join(map(_head, section.columns)) + "</tr>"
    for row in section.rows:
        yield "<tr>" + "".join(map(_cell, row, section.columns)) + "</tr>"
    yield "</table>"


def _head(column: Column) -> str:
    opening = '<th class="number">' if column.number else "<th>"
    return f"{opening}{escape(column.title)}</th>"


def _cell(content: Cell | str, column: Column) -> str:
    held = cell(content)
    name = held.meaning if held.meaning in CLASSES else "number" if column.number else ""
    return f'<td class="{name}">{escape(held.text)}</td>'
