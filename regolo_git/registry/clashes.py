"""Numbers that two clones gave to different versions, as far as the last fetch tells.

A version of this clone that `origin` does not have clashes with a manifest on a branch of `origin` that has
the same number and is not the same.  `git fetch` brings the branch even if it refuses the tag.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from regolo_git.errors import IntegrityError, InvalidInput, NotFound
from regolo_git.git.small_files import keep_json
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import unpushed_versions
from regolo_git.registry.version_status import read_statuses
from regolo_git.system_calls import read_ordinary

SHOWN = 19  # of a digest: its algorithm and twelve digits


@dataclass(frozen=True, slots=True)
class Clash:
    """A version of this clone, and the other one of that number on a branch of the remote."""

    model: str
    version: str
    branch: str
    digest: str
    author: str
    same_bytes: bool

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)

    @property
    def text(self) -> str:
        """The sentence for a person."""
        theirs = f"other bytes: {self.digest[:SHOWN]}"
        what = "the same bytes, but another manifest" if self.same_bytes else theirs
        return f"{self.reference} of {self.branch} has {what}, by {self.author}"

    @property
    def hint(self) -> Hint:
        """The command that gives this clone's version another number."""
        return Hint("renumber", self.reference)


def find_clashes(handle: Handle) -> list[Clash]:
    """The versions of this clone whose number a branch of `origin` gives to another version, sorted."""
    try:
        theirs, rows = unpushed_versions(handle, read_statuses(handle))
    except NotFound:
        return []  # not a registry, or one whose branch this clone lacks
    if not rows:
        return []
    key = hashlib.sha256(repr((sorted(theirs.items()), [row.tag_oid for row in rows])).encode()).hexdigest()
    path = handle.local_directory / "clashes.json"
    known = _load(path, key)
    if known is None:
        known = _search(handle, theirs, rows)
        _save(path, key, known)
    return known


def _search(handle: Handle, theirs: dict[str, str], rows: list[TagRow]) -> list[Clash]:
    from regolo_git.git.containment import blobs_since  # noqa: PLC0415 - `list` needs no Git library
    from regolo_git.records.paths import manifest_path  # noqa: PLC0415

    ours = {(row.model, row.identity): row for row in rows}
    paths = sorted({manifest_path(row.model) for row in rows})
    found: dict[str, Clash] = {}
    for branch, tip in theirs.items():
        for oid, commit in blobs_since(handle.git, tip, [row.commit_oid for row in rows], paths):
            clash = _clash(handle, ours, branch, oid, commit)
            if clash is not None:
                found.setdefault(clash.reference, clash)
    return [found[reference] for reference in sorted(found)]


def _clash(
    handle: Handle, ours: dict[tuple[str, str], TagRow], branch: str, oid: str, commit: str
) -> Clash | None:
    from regolo_git.records.manifest import Manifest  # noqa: PLC0415 - `list` needs no manifest

    try:
        manifest = Manifest.parse(handle.git.read_blob(oid))
    except IntegrityError:
        return None
    row = ours.get(manifest.key)
    if row is None or row.manifest_oid == oid:
        return None
    digest, author = manifest.artifact.digest, handle.git.commit_info(commit).author
    return Clash(row.model, row.version, branch, str(digest), author, same_bytes=digest == row.digest)


def _load(path: Path, key: str) -> list[Clash] | None:
    try:
        reader = JsonReader.parse(read_ordinary(path), "the cache of clashes")
        if reader.get("key", str) != key:
            return None
        return [_read(clash) for clash in reader.objects("clashes")]
    except (OSError, InvalidInput):
        return None  # only a cache


def _read(clash: JsonReader) -> Clash:
    return Clash(
        model=clash.get("model", str),
        version=clash.get("version", str),
        branch=clash.get("branch", str),
        digest=clash.get("digest", str),
        author=clash.get("author", str),
        same_bytes=clash.get("same_bytes", bool),
    )


def _save(path: Path, key: str, clashes: list[Clash]) -> None:
    keep_json(path, {"key": key, "clashes": [asdict(c) for c in clashes]})
