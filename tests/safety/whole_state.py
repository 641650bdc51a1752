"""Everything that a verb could change: refs, index, work tree and store, as plain values to compare."""

import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def git(top: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(["git", *arguments], cwd=top, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class WholeState:
    """`refs` and `index` as git prints them; `files` of the work tree by mode and bytes."""

    refs: str
    index: str
    files: dict[str, tuple[int, bytes]]
    recipes: dict[str, bytes]
    chunks: dict[str, bytes]

    @classmethod
    def of(cls, top: Path) -> "WholeState":
        store = top / ".git" / "regolo" / "store"
        return cls(
            git(top, "for-each-ref") + git(top, "symbolic-ref", "-q", "HEAD", check=False),
            git(top, "ls-files", "--stage", "-v") + git(top, "status", "--porcelain=v2"),
            {name: value for name, value in _tree(top).items() if not name.startswith(".git/")},
            {name: content for name, (_, content) in _tree(store / "recipes").items()},
            {name: content for name, (_, content) in _tree(store / "chunks").items()},
        )

    def is_unchanged(self, top: Path) -> None:
        """Asserts that everything is as it was.

        Chunks may have come: another writer may count on one from the moment that it is there, so what a
        failed ingest has stored is left for a cleaning that knows all recipes.
        """
        now = WholeState.of(top)
        assert now.refs == self.refs
        assert now.index == self.index
        assert now.files == self.files
        assert now.recipes == self.recipes
        assert now.chunks.items() >= self.chunks.items()


def _tree(top: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for directory, _, names in os.walk(top):
        for name in names:
            path = Path(directory, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                found[str(path.relative_to(top))] = (mode, os.fsencode(path.readlink()))
            elif stat.S_ISREG(mode):
                found[str(path.relative_to(top))] = (mode, path.read_bytes())
    return found
