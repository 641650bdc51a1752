"""The records in a work tree, committed or not, read like those of a commit."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from regolo_git.errors import IntegrityError
from regolo_git.git.translate import git_errors
from regolo_git.registry.records_at import RecordsAt
from regolo_git.system_calls import read_ordinary

if TYPE_CHECKING:
    from regolo_git.git.repository import GitRepository

SUFFIX = ".toml"  # beside the records are the models themselves


class WorkTreeRecords(RecordsAt):
    """The records of every kind as the files below `top` have them; nothing is read through a link."""

    def __init__(self, git: "GitRepository", top: Path) -> None:
        super().__init__(git, None, None)
        self._top = top.resolve()

    def data(self, path: str) -> bytes | None:
        """The bytes of a record; None if there is none.  Raises IntegrityError for a link in its place."""
        place = self._top / path
        if not os.path.lexists(place) or place.is_dir():
            return None
        if place.resolve() != place:
            raise IntegrityError(f"'{path}' is or is below a link, and a record is a file", f"rm {path}")
        with git_errors(f"'{path}'"):
            return read_ordinary(place)

    def _files(self, directory: str) -> list[tuple[str, str]]:
        from regolo_git.git.repository import blob_id  # noqa: PLC0415 - imports the Git library

        top, found = self._top / directory, []
        if top.resolve() != top:
            return []
        for parent, _, names in os.walk(top):  # follows no links
            for name in names:
                place = Path(parent, name)
                if name.endswith(SUFFIX) and stat.S_ISREG(place.lstat().st_mode):
                    found.append((place.relative_to(self._top).as_posix(), blob_id(read_ordinary(place))))
        return sorted(found)

    def _fetch(self, oids: Iterable[str]) -> None:
        """Nothing: the files are here."""

    def _read(self, path: str, oid: str) -> bytes:  # noqa: ARG002 - see the base class
        return self.data(path) or b""
