"""Seeing to it that an artifact in a work tree is not committed to Git by accident."""

from dataclasses import dataclass
from pathlib import Path

from regolo_git.git.repository import GitRepository
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import is_tracked

IGNORE_PATH = ".gitignore"
SPECIAL = set("*?[\\!# ")


@dataclass(frozen=True, slots=True)
class Ignored:
    """New content of `.gitignore` to commit along (None: leave it), and words for people."""

    path: str
    content: bytes | None
    text: str | None


def ensure_ignored(git: GitRepository, path: str, branch: str) -> Ignored:
    """Decides how an artifact is kept out of Git.

    An entry goes into `.gitignore`, with the version's own commit.  Where that file has uncommitted changes,
    or where the commit goes to a branch that is not checked out, the entry goes into this clone's
    `info/exclude` at once, and the words say which line is missing.  A file that Git tracks already is not
    helped by an entry: the words say what to type.
    """
    if is_tracked(git.paths, path):
        return Ignored(IGNORE_PATH, None, f"Git tracks '{path}' itself: git rm --cached -r -- {path}")
    with git_errors(f"'{path}'"):
        if git.pygit.path_is_ignored(path):
            return Ignored(IGNORE_PATH, None, None)
    line = ignore_line(path)
    tip = git.branch_tip(branch)
    committed = (git.read_file(tip, IGNORE_PATH) if tip else None) or b""
    if git.head_branch() == branch and _is_clean(git, committed):
        return Ignored(IGNORE_PATH, _with_line(committed, line), None)
    _exclude_here(git, line)
    said = f"'{IGNORE_PATH}' was left as it is; add this line to it for everybody else: {line}"
    return Ignored(IGNORE_PATH, None, said)


def ignore_line(path: str) -> str:
    """The pattern that matches just this path from the top."""
    return "/" + "".join(f"\\{character}" if character in SPECIAL else character for character in path)


def _is_clean(git: GitRepository, committed: bytes) -> bool:
    assert git.paths.work_tree is not None
    place = git.paths.work_tree / IGNORE_PATH
    if place.is_symlink():
        return False
    current = place.read_bytes() if place.exists() else b""
    return committed in (current, current.replace(b"\r\n", b"\n")) and (place.exists() or not committed)


def _with_line(content: bytes, line: str) -> bytes:
    if content and not content.endswith(b"\n"):
        content += b"\n"
    return content + f"{line}\n".encode()


def _exclude_here(git: GitRepository, line: str) -> None:
    exclude: Path = git.paths.common_dir / "info" / "exclude"
    with git_errors(f"file '{exclude}'"):
        held = exclude.read_bytes() if exclude.exists() else b""
        if line.encode() not in held.split(b"\n"):
            replace_file(exclude, _with_line(held, line))
