"""The page that `show` prints for people."""

import sys
from collections.abc import Collection, Iterable, Iterator

from regolo_git.cli.columns import Column
from regolo_git.cli.forms import Json, flat, plain_text
from regolo_git.cli.shown_version import Shown
from regolo_git.cli.status_style import status_colour
from regolo_git.cli.streams import paint, put, signs
from regolo_git.cli.tables import Cell, put_pairs, put_table
from regolo_git.text.numbers import counted, number_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text
from regolo_git.text.times import local_time

FILES_SHOWN = 30


def put_page(shown: Shown) -> None:
    """Prints it: what it is, then each section that has something to say."""
    version, manifest = shown.version, shown.manifest
    colour = status_colour(version.status)
    status = Cell(version.status, colour)
    put(f"{paint(version.reference, sys.stdout, bold=True)}  {status.text}")
    for text in (manifest.description, version.message):
        if text:
            put(f"  {one_line(text)}")
    _put_section("", _facts(shown))
    _put_section("Metrics", [(name, number_text(value)) for name, value in version.metrics.items()])
    _put_section("Metadata", _words(manifest.metadata, leave_out=version.metrics.keys()))
    if manifest.lineage is not None:
        lineage = manifest.lineage
        origin: Json = {
            "code": lineage.code,
            "base": lineage.base,
            "data": dict(lineage.data),
            "parameters": dict(lineage.parameters),
        }
        _put_section("Lineage", _words(origin))
    if manifest.serving is not None:
        _put_section("Serving", _words(dict(manifest.serving)))
    _put_files(shown)


def _facts(shown: Shown) -> Iterator[tuple[str, str]]:
    version, manifest = shown.version, shown.manifest
    if shown.card.description:
        yield "model", one_line(shown.card.description)
    if shown.card.owner:
        yield "owner", one_line(shown.card.owner)
    yield "made", f"{local_time(version.created_at)} by {one_line(version.created_by)}"
    if shown.users:
        yield "used by", ", ".join(shown.users)
    yield "size", _size(shown)
    yield "digest", version.digest
    if manifest.artifact.path is not None:
        yield "path", one_line(manifest.artifact.path)
    signed = "signed" if version.signature is not None else "not signed"
    yield "tag", f"{version.tag} ({signed})"
    yield "commit", version.commit
    if manifest.build is not None:
        yield "build", manifest.build
    if manifest.parents:
        yield "follows", ", ".join(manifest.parents)


def _size(shown: Shown) -> str:
    parts = [f"{size_text(shown.version.size_bytes)} ({shown.version.size_bytes} bytes)"]
    files = len(shown.manifest.file_entries(shown.recipe)) or shown.manifest.artifact.file_count
    if shown.manifest.artifact.kind == "directory" and files:
        parts.append(counted(files, "file"))
    if shown.recipe is None:
        parts.append("the bytes are not here")
    elif shown.recipe.tensors:
        parts.append(counted(len(shown.recipe.tensors), "tensor"))
    return ", ".join(parts)


def _words(tree: Json, leave_out: Collection[str] = ()) -> list[tuple[str, str]]:
    """The values of a tree by dotted name; a list on one line."""
    joined: dict[str, list[str]] = {}
    for name, value in flat(tree):
        joined.setdefault(name, []).append(plain_text(value))
    return [(one_line(name), ", ".join(values)) for name, values in joined.items() if name not in leave_out]


def _put_section(title: str, rows: Iterable[tuple[str, str]]) -> None:
    lines = list(rows)
    if not lines:
        return
    put("")
    if title:
        put(paint(title, sys.stdout, bold=True))
    put_pairs(lines, indent=2)


def _put_files(shown: Shown) -> None:
    if shown.manifest.artifact.kind == "file":
        return
    files = list(shown.manifest.file_entries(shown.recipe).items())
    rows = [(one_line(path), size_text(entry.size), str(entry.digest)) for path, entry in files[:FILES_SHOWN]]
    if not rows:
        return
    put("")
    put(paint("Files", sys.stdout, bold=True))
    put_table(
        (Column("FILE", flexible=True), Column("SIZE", right=True), Column("DIGEST", flexible=True)),
        rows,
        indent=2,
        titled=False,
    )
    if len(files) > FILES_SHOWN:
        rest = f"… and {len(files) - FILES_SHOWN} more"
        put(signs(f"  {rest}: git regolo show {shown.version.reference} --json"))
