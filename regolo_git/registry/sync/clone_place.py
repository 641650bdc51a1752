"""The directory of a new clone, where all of it appears at once.

git clones into a directory beside it, or inside of an empty one that is there, and what it brought is moved
when it is whole.  So a clone that was killed has left nothing there, or all of it and a mark, by which the
same command goes on with the files of the versions.
"""

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from regolo_git.git.remote.choose import clone_repository
from regolo_git.git.remote.transport import OnGitProgress
from regolo_git.git.translate import git_errors
from regolo_git.system_calls import random_name

MARK = Path(".git", "regolo", "cloning")
UNFINISHED = ".regolo-clone"  # the end of a name
ABANDONED_SECONDS = 86_400.0  # nobody works on it any more


def is_begun(place: Path, url: str) -> bool:
    """Whether a clone of this URL is there which did not come to its end."""
    mark = place / MARK
    return mark.is_file() and mark.read_text() == _identity(url)


def is_free(place: Path) -> bool:
    """Whether nothing is there but what a killed clone has left."""
    if not place.is_dir():
        return not place.is_file()
    return all(entry.name.endswith(UNFINISHED) for entry in place.iterdir())


def clone_to(url: str, place: Path, on_progress: OnGitProgress) -> None:
    """Clones to a place that is free.  Raises as `clone_repository` does."""
    with _beside(place) as beside:
        clone_repository(url, beside, on_progress=on_progress)
        with git_errors(f"'{place}'"):
            (beside / MARK).parent.mkdir(exist_ok=True)
            (beside / MARK).write_text(_identity(url))
            _move(beside, place)


def end_clone(top: Path) -> None:
    """Notes that a clone has all that it was to have."""
    (top / MARK).unlink(missing_ok=True)


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """A name for a directory on the same file system, which is gone after the block."""
    place = place.absolute()
    parent, beginning = (place, ".") if place.is_dir() else (place.parent, f".{place.name}.")
    with git_errors(f"'{place}'"):
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{escape(beginning)}*{UNFINISHED}"):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    beside = parent / f"{beginning}{random_name(8)}{UNFINISHED}"
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _move(beside: Path, place: Path) -> None:
    """Moves a clone to its place; what is in it one by one, the mark first, if a directory is there."""
    if not place.is_dir():
        beside.rename(place)
        return
    for entry in sorted(beside.iterdir(), key=lambda entry: entry.name != MARK.parts[0]):
        entry.rename(place / entry.name)


def _identity(url: str) -> str:
    """The URL, which may contain a password, as something that may be kept."""
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()
