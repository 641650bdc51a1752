"""Which versions were sent to a shared store, noted in a file of the clone by the ids of their tags.

A push of nothing new asks the store nothing.  Versions without a tag are noted by their recipes, and a branch
by its tip once everything on it was sent.  What a check of the store finds lost or damaged is noted too:
the next push sends it again, although the store has its recipe.
"""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors
from regolo_git.records.digests import Digest
from regolo_git.records.store_url import StoreAddress
from regolo_git.system_calls import read_ordinary


class SentNote:
    """What one clone has noted about one store."""

    def __init__(self, local_directory: Path, address: StoreAddress) -> None:
        parts = (address.url, address.endpoint, address.region)
        self._file = local_directory / "sent" / hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
        self._lost = self._file.with_suffix(".lost")
        self._branches = self._file.with_suffix(".branches")

    def tags(self) -> set[str]:
        """The tags of the versions that were sent."""
        return set(_words(self._file))

    def on_branches(self) -> set[str]:
        """The tips of branches whose versions were all sent, and the recipes of versions without a tag."""
        return set(_words(self._branches))

    def lost(self) -> set[Digest]:
        """The recipes of what has to be sent again."""
        found: set[Digest] = set()
        for word in _words(self._lost):
            try:
                found.add(Digest.parse(word))
            except InvalidInput:  # the file is damaged: the next check finds it again
                continue
        return found

    def note(self, tags: Iterable[str], resent: Collection[Digest] = ()) -> None:
        """Notes that everything with these tags was sent, and which recipes were sent again."""
        self._write(self._file, tags)
        if resent:
            self._write(self._lost, {str(recipe) for recipe in self.lost().difference(resent)})

    def note_branches(self, words: Iterable[str]) -> None:
        """Notes the tips and recipes of `on_branches`, in place of the former ones."""
        self._write(self._branches, words)

    def doubt(self, recipes: Collection[Digest]) -> None:
        """Has the next push send these recipes again, with all of their chunks."""
        self._write(self._lost, {str(recipe) for recipe in (*self.lost(), *recipes)})
        for noted in (self._file, self._branches):
            self._write(noted, ())

    def _write(self, file: Path, words: Iterable[str]) -> None:
        with git_errors(f"file '{file}'"):
            replace_file(file, "\n".join(sorted(words)).encode())


def _words(file: Path) -> list[str]:
    try:
        return read_ordinary(file).decode("ascii", "replace").split()
    except OSError:
        return []
