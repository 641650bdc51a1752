"""Every byte that a refused command could have touched: refs, index, work tree, store and configuration."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

REFERENCES = ("HEAD", "packed-refs", "refs")
SETTINGS = ("config", "info", "hooks", "MERGE_HEAD", "ORIG_HEAD", "worktrees")
Files = Mapping[str, tuple[int, bytes]]


@dataclass(frozen=True)
class Everything:
    """Names, modes and bytes of each part."""

    refs: Files
    index: Files
    settings: Files
    work_tree: Files
    recipes: Files
    quarantine: Files
    chunks: Files

    @classmethod
    def of(cls, top: Path) -> "Everything":
        inside = top / ".git"
        store = inside / "regolo" / "store"
        return cls(
            refs=_found(inside, *REFERENCES),
            index=_found(inside, "index"),
            settings=_found(inside, *SETTINGS),
            work_tree=work_tree(top),
            recipes=_found(store, "recipes", "format.toml"),
            quarantine=_found(store, "quarantine"),
            chunks=_found(store, "chunks", "tmp"),
        )

    def must_be(self, top: Path, *, more_stored: bool = False) -> None:
        """Asserts that nothing has changed since.

        `more_stored` is for a version that was refused after its bytes were on their way: whole chunks and
        recipes that no version names may be there, because another writer may count on one from the moment
        that it is there.
        """
        now = Everything.of(top)
        for field in fields(self):
            before, after = getattr(self, field.name), getattr(now, field.name)
            if more_stored and field.name in ("chunks", "recipes"):
                assert after.items() >= before.items()
                assert not any(name.startswith("tmp/") for name in after)
                continue
            changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            assert not changed, f"{field.name}: {sorted(changed)}"


def work_tree(top: Path) -> Files:
    """Everything that lies in a work tree."""
    return _found(top, without=".git")


def _found(top: Path, *names: str, without: str | None = None) -> Files:
    found: dict[str, tuple[int, bytes]] = {}
    for place in [top / name for name in names] or [top]:
        for path in [place, *sorted(place.rglob("*"))]:
            name = path.relative_to(top)
            if without is None or name.parts[:1] != (without,):
                value = _value(path)
                if value is not None:
                    found[name.as_posix()] = value
    return found


def _value(path: Path) -> tuple[int, bytes] | None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        return mode, os.fsencode(path.readlink())
    if stat.S_ISREG(mode):
        return mode, path.read_bytes()
    # An empty directory is nothing that anybody keeps; a socket or pipe has no bytes.
    return None if stat.S_ISDIR(mode) else (mode, b"")
