"""A comparison as Markdown that reads well in a pull request."""

from collections.abc import Iterable, Iterator

from regolo_git.review.changes import VersionChanges
from regolo_git.review.words import tensor_text, value_text, verdict_text
from regolo_git.text.numbers import number_text, signed_number_text, signed_percent_text
from regolo_git.text.sizes import signed_size_text, size_text

TENSORS_SHOWN = 20


def render_markdown(comparison: VersionChanges) -> str:
    """A page with one section for each kind of change; sections without changes are left out."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(c: VersionChanges) -> Iterator[str]:
    yield f"## {_escape(c.model_id)}: {c.version_a} → {c.version_b}"
    yield ""
    yield f"Size {size_text(c.size_a)} → {size_text(c.size_b)} ({signed_size_text(c.size_diff)})." + _bump(c)
    if c.metrics:
        header = ("metric", c.version_a, c.version_b, "difference", "relative", "verdict")
        yield from _table(
            "Metrics",
            header,
            (
                (
                    name,
                    number_text(m["a"]),
                    number_text(m["b"]),
                    signed_number_text(m["diff"]),
                    signed_percent_text(m["relative"]),
                    verdict_text(m),
                )
                for name, m in c.metrics.items()
            ),
        )
    if c.metadata:
        yield from _table(
            "Metadata",
            ("key", c.version_a, c.version_b),
            ((m.key, value_text(m.before), value_text(m.after)) for m in c.metadata),
        )
    if c.files:
        yield from _table(
            "Files",
            ("file", "change", c.version_a, c.version_b),
            ((f.path, f.kind, size_text(f.size_before), size_text(f.size_after)) for f in c.files),
        )
    yield from _tensors(c)


def _bump(c: VersionChanges) -> str:
    if c.same_content:
        return " The bytes are the same."
    return f" Suggested bump: **{c.suggested_bump}**."


def _tensors(c: VersionChanges) -> Iterator[str]:
    if c.tensors is None or not c.tensors.changes:
        return
    shown = c.tensors.changes[:TENSORS_SHOWN]
    rows = [(t.name, t.kind, tensor_text(t.before), tensor_text(t.after)) for t in shown]
    yield from _table(
        f"Tensors ({c.tensors.unchanged} unchanged)", ("tensor", "change", c.version_a, c.version_b), rows
    )
    if len(c.tensors.changes) > len(shown):
        yield f"\n… and {len(c.tensors.changes) - len(shown)} more."


def _table(title: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(header)
    yield ""
    yield f"### {title}"
    yield ""
    yield "| " + " | ".join(_escape(name) for name in names) + " |"
    yield "|" + " --- |" * len(names)
    for row in rows:
        yield "| " + " | ".join(_escape(cell) for cell in row) + " |"


def _escape(text: str) -> str:
    """Keeps a value of somebody's from becoming mark-up: pipes, HTML, links, line breaks."""
    for character in "\\`*_[]|":
        text = text.replace(character, "\\" + character)
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\n", "<br>")
        .replace("\r", "")
    )
