"""What proposals propose, as it is kept in a small file of this clone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.git.small_files import keep_json
from regolo_git.records.json_reader import JsonReader
from regolo_git.system_calls import read_ordinary


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a commit proposes: each file that it changed with its blob, and its versions with their manifests.

    `merged` if a released branch contains it, or has the same files.
    """

    merged: bool
    files: Mapping[str, str | None]
    versions: tuple[tuple[str, str, str], ...]
    author: str
    created: int


@dataclass(frozen=True, slots=True)
class ReadProposals:
    """What the tips of proposals propose, as of some tips of released branches."""

    targets: tuple[str, ...] = ()
    by_tip: Mapping[str, Proposed] = field(default_factory=dict)


def load_proposals(file: Path) -> ReadProposals:
    """What was kept; nothing if there is no file that can be read."""
    try:
        reader = JsonReader.parse(read_ordinary(file), "the cache of proposals")
        by_tip = {tip: _read(held) for tip, held in reader.named_objects("by_tip")}
        return ReadProposals(tuple(reader.list_of("targets", str)), by_tip)
    except (OSError, InvalidInput):
        return ReadProposals()  # only a cache


def _read(reader: JsonReader) -> Proposed:
    files = reader.object("files")
    return Proposed(
        merged=reader.get("merged", bool),
        files={str(path): files.get_optional(path, str) for path in files},
        versions=tuple(
            (row.get(0, str), row.get(1, str), row.get(2, str)) for row in reader.rows("versions", 3)
        ),
        author=reader.get("author", str),
        created=reader.get("created", int),
    )


def save_proposals(file: Path, read: ReadProposals) -> None:
    """Keeps what was read, if the clone can be written."""
    by_tip = {
        tip: {
            "merged": p.merged,
            "files": dict(p.files),
            "versions": [list(version) for version in p.versions],
            "author": p.author,
            "created": p.created,
        }
        for tip, p in read.by_tip.items()
    }
    keep_json(file, {"targets": list(read.targets), "by_tip": by_tip})
