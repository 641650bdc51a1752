"""Finding the files of a format in an artifact that is one file or a directory."""

from collections.abc import Sequence
from pathlib import Path

from regolo_git.errors import NotFound


def files_with_suffix(path: Path, suffix: str) -> list[Path]:
    """The artifact itself if it is a file, else its files with that suffix.  Raises NotFound."""
    if path.is_file():
        return [path]
    found = sorted(path.rglob(f"*{suffix}"))
    if not found:
        raise NotFound(f"the artifact has no file '*{suffix}'")
    return found


def one_file(path: Path, suffix: str) -> Path:
    """The only file of the artifact with that suffix.  Raises NotFound."""
    found = files_with_suffix(path, suffix)
    if len(found) > 1:
        raise NotFound(f"the artifact has {len(found)} files '*{suffix}', and only one can be loaded")
    return found[0]


def one_file_of(path: Path, suffixes: Sequence[str]) -> Path:
    """The only file with the first of the suffixes that there is a file with.  Raises NotFound."""
    for suffix in suffixes:
        if path.is_dir() and next(path.rglob(f"*{suffix}"), None) is not None:
            return one_file(path, suffix)
    return one_file(path, suffixes[-1])
