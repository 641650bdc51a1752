"""A comparison as one self-contained HTML page: no script, no font, nothing fetched."""

from collections.abc import Iterable, Iterator
from html import escape

from regolo_git.review.changes import VersionChanges
from regolo_git.review.words import tensor_text, value_text, verdict_text
from regolo_git.text.numbers import number_text, signed_number_text, signed_percent_text
from regolo_git.text.sizes import signed_size_text, size_text

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

Cell = tuple[str, str]  # class, text


def render_html(comparison: VersionChanges) -> str:
    """A page with one table for each kind of change; every value is escaped."""
    c = comparison
    title = f"{c.model_id}: {c.version_a} → {c.version_b}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>{escape(_summary(c))}</p>",
            *_sections(c),
            "</body>",
            "</html>",
            "",
        ]
    )


def _summary(c: VersionChanges) -> str:
    sizes = f"Size {size_text(c.size_a)} → {size_text(c.size_b)} ({signed_size_text(c.size_diff)})."
    return sizes + (" The bytes are the same." if c.same_content else f" Suggested bump: {c.suggested_bump}.")


def _sections(c: VersionChanges) -> Iterator[str]:
    a, b = c.version_a, c.version_b
    yield from _table(
        "Metrics",
        ("metric", a, b, "difference", "relative", "verdict"),
        (
            [
                ("", name),
                ("number", number_text(m["a"])),
                ("number", number_text(m["b"])),
                ("number", signed_number_text(m["diff"])),
                ("number", signed_percent_text(m["relative"])),
                (m["verdict"], verdict_text(m)),
            ]
            for name, m in c.metrics.items()
        ),
    )
    yield from _table(
        "Metadata",
        ("key", a, b),
        ([("", m.key), ("", value_text(m.before)), ("", value_text(m.after))] for m in c.metadata),
    )
    yield from _table(
        "Files",
        ("file", "change", a, b),
        (
            [
                ("", f.path),
                ("", f.kind),
                ("number", size_text(f.size_before)),
                ("number", size_text(f.size_after)),
            ]
            for f in c.files
        ),
    )
    if c.tensors is not None:
        yield from _table(
            f"Tensors ({c.tensors.unchanged} unchanged)",
            ("tensor", "change", a, b),
            (
                [("", t.name), ("", t.kind), ("", tensor_text(t.before)), ("", tensor_text(t.after))]
                for t in c.tensors.changes
            ),
        )


def _table(title: str, header: Iterable[str], rows: Iterable[list[Cell]]) -> Iterator[str]:
    body = list(rows)
    if not body:
        return
    numbers = {index for index, (kind, _) in enumerate(body[0]) if kind == "number"}
    yield f"<h2>{escape(title)}</h2>"
    yield "<table>"
    heads = (
        f'<th class="number">{escape(n)}</th>' if i in numbers else f"<th>{escape(n)}</th>"
        for i, n in enumerate(header)
    )
    yield "<tr>" + "".join(heads) + "</tr>"
    for row in body:
        yield "<tr>" + "".join(f'<td class="{kind}">{escape(text)}</td>' for kind, text in row) + "</tr>"
    yield "</table>"
