"""Three-way merge of the registry's records, by key instead of by line.

A key that one side changed is taken from that side, and one that both changed alike from either; keys that
they changed differently are conflicts, with git's usual markers around their lines.  Keys that belong
together are taken together: no merge may pair the bytes of one version with the metrics of another, or one
side's traffic with the other's versions.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from regolo_git.errors import RegoloError
from regolo_git.records.evaluations import Evaluations
from regolo_git.records.labels import Labels, joined
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS, MODELS
from regolo_git.records.seal import KEYS
from regolo_git.records.toml_statements import (
    Path,
    Statement,
    Statements,
    Table,
    Unmergeable,
    read_statements,
)
from regolo_git.records.toml_text import inline_text, load_document
from regolo_git.records.versions import Version

MARKER_SIZE = 7
# Never taken from one side where both changed them, not even if alike: each belongs to one version.
ALWAYS = ("version", "parents", "seal")
SEALED = (*KEYS, "seal")
PINNED = ("version", "commit", "digest")
TRAFFIC = ("traffic", "versions")
UNION = "evaluations.toml"
LABELS = "labels.toml"
RETIRED = "retired.toml"


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text; `conflicts` is the number of places with markers."""

    text: str
    conflicts: int


class _Piece(NamedTuple):
    """A part of the result; in a conflict, the sides differ."""

    ours: str
    theirs: str
    conflict: bool = False


class _Sides(NamedTuple):
    """One thing in the three documents, None where it is not there."""

    base: Statement | None
    ours: Statement | None
    theirs: Statement | None


def merge_records(path: str, base: str, ours: str, theirs: str, *, marker_size: int = MARKER_SIZE) -> Merged:
    """Merges two versions of the record at `path`; an empty `base` if they have no common one.

    Raises IntegrityError if one is not valid TOML, Unmergeable if it cannot be merged by key.
    """
    if ours == theirs:
        return Merged(ours, 0)
    if path.rpartition("/")[2] == UNION:
        return Merged(_union(base, ours, theirs), 0)
    if path.rpartition("/")[2] == LABELS:
        return Merged(_labels(base, ours, theirs), 0)
    read = [read_statements(text, "the record") for text in (base, ours, theirs)]
    merged = _written(_Merge(path, *read).pieces(), marker_size)
    if merged.conflicts == 0 and not _is_valid(merged.text):
        # Each key is right, but together they are no document.
        return _written([_Piece(ours, theirs, conflict=True)], marker_size)
    return merged


def _is_valid(text: str) -> bool:
    try:
        load_document(text, "the record")
    except RegoloError:
        return False
    return True


class _Merge:
    """The merge of one record of TOML."""

    def __init__(self, path: str, base: Statements, ours: Statements, theirs: Statements) -> None:
        self._documents = base, ours, theirs
        self._retired = path.rpartition("/")[2] == RETIRED
        self._torn = [group for group in _groups(path) if self._is_torn(group)]
        self._always = ALWAYS if SEALED in self._torn else ()

    def pieces(self) -> Iterator[_Piece]:
        """The parts of the result in their order: that of our side, with theirs put in between."""
        for place in _in_order(*(document.tables for document in self._documents[1:])):
            tables = [document.tables.get(place) for document in self._documents]
            yield from self._table(place, tables)
        below = [Statement("", document.below) for document in self._documents]
        yield self._piece((), _Sides(*below))

    def _table(self, place: Path, tables: list[Table | None]) -> Iterator[_Piece]:
        headers = _Sides(*(table.header if table else None for table in tables))
        keys = [table.keys if table else {} for table in tables]
        inside = [
            self._piece((*place, *key), _Sides(*(held.get(key) for held in keys)))
            for key in self._ordered(place, _in_order(*keys[1:]))
        ]
        header = self._header(place, headers, any(piece.ours or piece.theirs for piece in inside))
        yield from (piece for piece in (header, *inside) if piece.ours or piece.theirs)

    def _header(self, place: Path, sides: _Sides, needed: bool) -> _Piece:
        """The header of a table; one that a side removed stays while keys are left below it."""
        if place == ():
            return _Piece("", "")
        if needed and (sides.ours is None or sides.theirs is None):
            kept = sides.ours or sides.theirs or Statement("", "")
            return _Piece(kept.whole(), kept.whole())
        return self._piece((), sides)

    def _ordered(self, place: Path, keys: list[Path]) -> list[Path]:
        """Retired versions are sorted whichever side retired them."""
        return sorted(keys, key=_version_key) if self._retired and place == ("retired",) else keys

    def _piece(self, key: Path, sides: _Sides) -> _Piece:
        if self._may_choose(key, sides):
            text = _chosen(_parts(sides, lambda side: side.text))
            above = _chosen(_parts(sides, lambda side: side.above))
            if text is not None and above is not None:
                both = above + text if text else ""
                return _Piece(both, both)
        ours, theirs = (side.whole() if side else "" for side in (sides.ours, sides.theirs))
        return _Piece(ours, theirs, conflict=True)

    def _may_choose(self, key: Path, sides: _Sides) -> bool:
        """Whether one side may be taken for a key by itself: not if its group is changed on both sides."""
        if not key:
            return True
        base, ours, theirs = _parts(sides, lambda side: side.text)
        if key[0] in self._always and base not in (ours, theirs):
            return False
        return ours == theirs or not any(key[0] in group for group in self._torn)

    def _is_torn(self, group: tuple[str, ...]) -> bool:
        """Whether both sides changed a group of keys, in different ways."""
        base, ours, theirs = (dict(_of_group(document, group)) for document in self._documents)
        return base not in (ours, theirs) and ours != theirs


def _groups(path: str) -> Iterator[tuple[str, ...]]:
    """The keys at the top of a record that belong together."""
    top, _, rest = path.partition("/")
    if top == MODELS and rest.endswith("/manifest.toml"):
        yield SEALED
    elif top == ENVIRONMENTS:
        yield PINNED
    elif top == ENDPOINTS:
        yield TRAFFIC


def _of_group(document: Statements, group: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for place, table in document.tables.items():
        for key, statement in table.keys.items():
            if (*place, *key)[0] in group:
                yield (*place, *key), statement.text


def _parts(sides: _Sides, part: Callable[[Statement], str]) -> tuple[str | None, str | None, str | None]:
    base, ours, theirs = (part(side) if side is not None else None for side in sides)
    return base, ours, theirs


def _chosen(parts: tuple[str | None, str | None, str | None]) -> str | None:
    """The three-way choice; empty for what is removed, None for a conflict."""
    base, ours, theirs = parts
    if theirs in (ours, base):
        return ours or ""
    return theirs or "" if base == ours else None


def _in_order(ours: Iterable[Path], theirs: Iterable[Path]) -> list[Path]:
    """The keys of both sides: ours, each of theirs alone after the one that it follows there."""
    held = dict.fromkeys(ours)
    behind: dict[Path | None, list[Path]] = {}
    last: Path | None = None
    for key in theirs:
        if key in held:
            last = key
        else:
            behind.setdefault(last, []).append(key)
    return [*behind.get(None, ()), *(one for key in held for one in (key, *behind.get(key, ())))]


def _version_key(key: Path) -> tuple[bool, Version | str]:
    try:
        return False, Version.parse(".".join(key))
    except RegoloError:
        return True, ".".join(key)


def _union(base: str, ours: str, theirs: str) -> str:
    """The evaluations of both sides without those that one of them removed."""
    read = [Evaluations.parse(text) if text else Evaluations() for text in (base, ours, theirs)]
    if read[1].unknown != read[2].unknown:
        raise Unmergeable
    before, a, b = ({inline_text(entry.to_table()): entry for entry in one.entries} for one in read)
    kept = [entry for line, entry in (a | b).items() if (line in a and line in b) or line not in before]
    return Evaluations((), read[1].unknown).with_entries(*kept).to_text()


def _labels(*texts: str) -> str:
    merged = joined(*(Labels.parse(text) if text else Labels() for text in texts))
    if merged is None:
        raise Unmergeable
    return merged.to_text()


def _written(pieces: Iterable[_Piece], size: int) -> Merged:
    """The text, with one pair of markers around conflicts in a row."""
    text, conflicts = "", 0
    ours = theirs = ""
    for piece in (*pieces, _Piece("", "")):
        if piece.conflict:
            ours, theirs = ours + piece.ours, theirs + piece.theirs
            continue
        if ours or theirs:
            text += f"{'<' * size} ours\n{ours}{'=' * size}\n{theirs}{'>' * size} theirs\n"
            conflicts, ours, theirs = conflicts + 1, "", ""
        text += piece.ours
    return Merged(text, conflicts)
