"""Finds a repository's directories with the standard library alone, so that `list` needs no Git library."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import InvalidInput, NotFound

EXTENSION = re.compile(r"^\s*(objectformat|refstorage)\s*=\s*\"?(\w+)", re.IGNORECASE | re.MULTILINE)
BARE = re.compile(r"^\s*bare\s*=\s*(?:true|yes|on|1)\s*$", re.IGNORECASE | re.MULTILINE)


class RepositoryPaths(NamedTuple):
    """`git_dir` belongs to this work tree; `common_dir` is shared by all work trees of the repository."""

    git_dir: Path
    common_dir: Path
    work_tree: Path | None

    @property
    def top(self) -> Path:
        """The work tree, or the bare repository."""
        return self.work_tree or self.git_dir


def find_repository(start: Path, environ: Mapping[str, str]) -> RepositoryPaths:
    """The repository that GIT_DIR names or that contains `start`.

    Raises NotFound if there is none, InvalidInput for an unsupported format (SHA-256, reftable).
    """
    start = absolute(start)
    named = environ.get("GIT_DIR")
    git_dir, work_tree = _named(start, named, environ) if named else _search(start, environ)
    common_dir = _common_dir(git_dir, environ)
    config = _config_text(common_dir)
    _refuse_unsupported(config, work_tree or git_dir)
    if work_tree is not None and git_dir == common_dir and BARE.search(config):
        work_tree = None
    return RepositoryPaths(git_dir, common_dir, work_tree)


def absolute(path: Path) -> Path:
    """The path made absolute.  Raises NotFound if it is relative and the working directory was deleted."""
    try:
        return path.absolute()
    except OSError as error:
        raise NotFound("the working directory was deleted", "change to another directory") from error


def _named(start: Path, named: str, environ: Mapping[str, str]) -> tuple[Path, Path | None]:
    git_dir = (start / named).resolve()
    if not _is_git_dir(git_dir):
        raise NotFound(f"GIT_DIR names '{git_dir}', which is not a Git repository")
    work_tree = environ.get("GIT_WORK_TREE")
    return git_dir, (start / work_tree).resolve() if work_tree else start


def _search(start: Path, environ: Mapping[str, str]) -> tuple[Path, Path | None]:
    ceilings = {Path(p) for p in environ.get("GIT_CEILING_DIRECTORIES", "").split(":") if p}
    start = start.resolve()
    for directory in (start, *start.parents):
        if directory in ceilings and directory != start:
            break
        dot_git = directory / ".git"
        if dot_git.is_dir() and _is_git_dir(dot_git):
            return dot_git, directory
        if dot_git.is_file():
            return _linked(dot_git), directory
        if _is_git_dir(directory):
            return directory, None
    raise NotFound(f"'{start}' is not in a Git repository", "git init")


def _linked(dot_git: Path) -> Path:
    """The Git directory named by the `.git` file of a linked work tree or submodule."""
    text = dot_git.read_text(errors="replace")
    if not text.startswith("gitdir:"):
        raise NotFound(f"'{dot_git}' does not name a Git directory")
    git_dir = (dot_git.parent / text.removeprefix("gitdir:").strip()).resolve()
    if not _is_git_dir(git_dir):
        raise NotFound(f"'{dot_git}' names '{git_dir}', which is not a Git directory", "git worktree repair")
    return git_dir


def _is_git_dir(path: Path) -> bool:
    if not (path / "HEAD").exists() and not (path / "HEAD").is_symlink():
        return False
    return (path / "commondir").is_file() or ((path / "objects").is_dir() and (path / "refs").is_dir())


def _common_dir(git_dir: Path, environ: Mapping[str, str]) -> Path:
    named = environ.get("GIT_COMMON_DIR")
    if named:
        return Path(named).resolve()
    pointer = git_dir / "commondir"
    return (git_dir / pointer.read_text().strip()).resolve() if pointer.is_file() else git_dir


def _config_text(common_dir: Path) -> str:
    config = common_dir / "config"
    return config.read_text(errors="replace") if config.is_file() else ""


def _refuse_unsupported(config: str, place: Path) -> None:
    for key, value in EXTENSION.findall(config):
        if key.lower() == "objectformat" and value.lower() != "sha1":
            raise InvalidInput(
                f"'{place}' uses object format '{value}', but only 'sha1' is supported",
                "git init --object-format=sha1 DIRECTORY   (for a separate registry)",
            )
        if key.lower() == "refstorage" and value.lower() != "files":
            raise InvalidInput(
                f"'{place}' uses ref format '{value}', but only 'files' is supported",
                "git refs migrate --ref-format=files",
            )
