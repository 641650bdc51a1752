"""A record that a commit of this clone changed, on a commit that may have changed it, too.

Two changes of one record are never mixed: only lists, whose lines are independent, are joined.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from regolo_git.git.attributes import FILE_NAME as ATTRIBUTES
from regolo_git.git.ignore import IGNORE_PATH
from regolo_git.records.evaluations import Evaluations
from regolo_git.records.labels import Labels, joined
from regolo_git.records.paths import (
    endpoint_of,
    model_of_evaluations,
    model_of_labels,
    model_of_retired,
    place_of_promotion,
)
from regolo_git.records.retired import RetiredList
from regolo_git.records.versions import Version
from regolo_git.registry.record_parsers import (
    parse_endpoint,
    parse_evaluations,
    parse_labels,
    parse_promotion,
)
from regolo_git.registry.versions.renumber_pins import moved_endpoint, moved_promotion
from regolo_git.registry.versions.renumber_step import Step


class Merged(NamedTuple):
    """The content of a record; None if it is removed."""

    content: bytes | None


def merged_record(path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged | None:
    """The record with both changes since `base`; None if somebody has to decide."""
    if theirs in (base, ours):
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    if ours is None or theirs is None:
        return None
    join = _joining(path)
    content = join(base or b"", ours, theirs) if join is not None else None
    return Merged(content) if content is not None else None


def _joining(path: str) -> Callable[[bytes, bytes, bytes], bytes | None] | None:
    """What joins both changes of a record whose lines are independent."""
    if model_of_retired(path) is not None:
        return _joined_lists
    if model_of_evaluations(path) is not None:
        return _joined_evaluations
    if model_of_labels(path) is not None:
        return _joined_labels
    return _joined_lines if path.rpartition("/")[2] in (IGNORE_PATH, ATTRIBUTES) else None


def with_moved_versions(path: str, content: bytes, steps: Sequence[Step]) -> bytes:
    """A record with the new numbers and commits of the versions that it names."""
    if not steps:
        return content
    if place_of_promotion(path) is not None:
        promotion = parse_promotion(content, path)
        moved = moved_promotion(promotion, steps)
        return content if moved == promotion else moved.to_text().encode()
    if endpoint_of(path) is not None:
        endpoint = parse_endpoint(content, path)
        changed = moved_endpoint(endpoint, steps)
        return content if changed == endpoint else changed.to_text().encode()
    annotated = model_of_evaluations(path) or model_of_labels(path)
    if annotated is not None:
        names = {(s.row.identity, s.row.digest): s.version for s in steps if s.row.model == annotated}
        parse = parse_evaluations if model_of_evaluations(path) is not None else parse_labels
        held = parse(content, path)
        moved_lines = held.renumbered(names)
        return content if moved_lines == held else moved_lines.to_text().encode()
    model = model_of_retired(path)
    return (
        content
        if model is None
        else _with_moved_entries(
            content, {step.row.identity: step.version for step in steps if step.row.model == model}
        )
    )


def _with_moved_entries(content: bytes, names: dict[str, str]) -> bytes:
    held = RetiredList.parse(content)
    entries = [
        replace(entry, version=names.get(Version.parse(entry.version).identity, entry.version))
        for entry in held.entries
    ]
    return replace(held, entries=tuple(entries)).to_text().encode()


def _joined_lists(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The other entries, with those that ours added; None if ours removed one."""
    known = RetiredList.parse(base) if base else RetiredList()
    mine, joined = RetiredList.parse(ours), RetiredList.parse(theirs)
    if not all(mine.has(entry.version) for entry in known.entries):
        return None
    for entry in mine.entries:
        if not known.has(entry.version) and not joined.has(entry.version):
            joined = joined.with_entry(entry)
    return joined.to_text().encode()


def _joined_evaluations(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """The other lines, with those that ours added and without those that ours removed."""
    known, mine, joined = (
        Evaluations.parse(text) if text else Evaluations() for text in (base, ours, theirs)
    )
    removed = [entry for entry in known.entries if entry not in mine.entries]
    kept = tuple(entry for entry in joined.entries if entry not in removed)
    added = [entry for entry in mine.entries if entry not in known.entries]
    return replace(joined, entries=kept).with_entries(*added).to_text().encode()


def _joined_labels(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The labels with both changes; None if both changed one label."""
    merged = joined(*(Labels.parse(text) if text else Labels() for text in (base, ours, theirs)))
    return merged.to_text().encode() if merged is not None else None


def _joined_lines(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The other lines, with those at the end that ours added; None if ours removed one."""
    if not {*base.splitlines()} <= {*ours.splitlines()}:
        return None
    known = {*base.splitlines(), *theirs.splitlines()}
    added = [line for line in ours.splitlines() if line not in known]
    lines = theirs if not theirs or theirs.endswith(b"\n") else theirs + b"\n"
    return lines + b"".join(line + b"\n" for line in added)
