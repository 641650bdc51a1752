"""Lines in the notes of signatures that have no effect: anybody who may push can add some.

Whose signature a line has is not verified here; `signature_of` does that for one version.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from regolo_git.git.note_text import read_notes
from regolo_git.git.tag_objects import parse_tag_object
from regolo_git.records.signatures import LATER_BYTES, later_object
from regolo_git.registry.handle import Handle
from regolo_git.registry.signatures import NOTES
from regolo_git.text.numbers import counted
from regolo_git.text.printable import printable
from regolo_git.text.sizes import size_text


class IgnoredLines(NamedTuple):
    """What is wrong with some lines of the note on an object; `subject` is the tag, or the object's id."""

    subject: str
    what: str
    hint: str


def ignored_lines(handle: Handle) -> Iterator[IgnoredLines]:
    """The lines without effect, and those beyond what is verified.  No signature is verified."""
    tags: dict[str, str] | None = None
    for oid, text in read_notes(handle.git, NOTES):
        if tags is None:
            tags = {row.tag_oid: row.tag for row in handle.index.all_rows()}
        tag = tags.get(oid)
        if tag is None:
            what = "has signatures, and is not the tag of a version in this clone"
            yield IgnoredLines(f"object {oid}", what, "git fetch --tags")
            continue
        edit = f"git notes --ref {NOTES.rpartition('/')[2]} edit {oid}"
        for what in _problems(tag, oid, text):
            yield IgnoredLines(f"tag {tag}", what, edit)


def _problems(tag: str, oid: str, text: str) -> Iterator[str]:
    wrong, size = Counter[str](), 0
    for line in filter(None, dict.fromkeys(text.split("\n"))):
        problem = _problem(tag, oid, line)
        if problem is not None:
            wrong[problem] += 1
        else:
            size += len(line)
    for problem, count in wrong.items():
        yield f"{counted(count, 'line')} in the note of its signatures {problem}: ignored"
    if size > LATER_BYTES:
        yield f"has {size_text(size)} of signatures, of which {size_text(LATER_BYTES)} are verified"


def _problem(tag: str, oid: str, line: str) -> str | None:
    data = later_object(line)
    signed = parse_tag_object(data) if data is not None else None
    if signed is None:
        return "without a signed tag object"
    if signed.name != tag:
        return f"signed under another name, '{printable(signed.name)}'"
    return "signed over another object" if signed.target != oid else None
