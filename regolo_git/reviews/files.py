"""Comparison of the files of two versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from regolo_git.records.manifest import FileEntry


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs; sizes are in bytes, None if the file does not exist."""

    path: str
    kind: Literal["added", "removed", "changed"]
    size_before: int | None
    size_after: int | None


def compare_files(before: Mapping[str, FileEntry], after: Mapping[str, FileEntry]) -> tuple[FileChange, ...]:
    """Every file that differs, sorted by path."""
    changes = []
    for path in sorted(before.keys() | after.keys()):
        a, b = before.get(path), after.get(path)
        if a is None and b is not None:
            changes.append(FileChange(path, "added", None, b.size))
        elif a is not None and b is None:
            changes.append(FileChange(path, "removed", a.size, None))
        elif a is not None and b is not None and a != b:
            changes.append(FileChange(path, "changed", a.size, b.size))
    return tuple(changes)
