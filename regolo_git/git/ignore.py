"""Seeing to it that an artifact in a work tree is not committed to Git by accident."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from regolo_git.git.program import ask_git
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
    `info/exclude` at once, and the words say which line is missing.  A file that Git tracks already stays in
    it whatever the entry says: the words say what to type.
    """
    tracked = _words_if_tracked(git, path)
    if _is_ignored(git, path):
        return Ignored(IGNORE_PATH, None, tracked)
    line = ignore_line(path)
    tip = git.branch_tip(branch)
    committed = git.read_file(tip, IGNORE_PATH) or b""
    if git.head_branch() == branch and _is_clean(git, committed):
        return Ignored(IGNORE_PATH, _with_line(committed, line), tracked)
    _exclude_here(git, line)
    missing = f"'{IGNORE_PATH}' was left as it is; add this line to it for everybody else: {line}"
    return Ignored(IGNORE_PATH, None, f"{missing}; and {tracked}" if tracked else missing)


def words_if_let_in(git: GitRepository, path: str) -> str | None:
    """What to say where Git would take a file in although it has its entry; None where it would not.

    So it is where a `.gitignore` nearer to the file has a pattern that starts with `!`.
    """
    if _is_ignored(git, path) or is_tracked(git.paths, path):
        return None
    return f"a '.gitignore' lets Git take in '{path}' all the same: git check-ignore -v -- {_from_top(path)}"


def _is_ignored(git: GitRepository, path: str) -> bool:
    with git_errors(f"'{path}'"):
        if not git.pygit.path_is_ignored(path):
            return False
    # libgit2 drops a `!` pattern without a wildcard that takes back a pattern of another file (1.9.7).
    return not _takes_back(git, path) or _git_ignores(git, path)


def _takes_back(git: GitRepository, path: str) -> bool:
    """Whether a file of patterns on the way to a path has one that starts with `!`."""
    places = [_work_tree(git) / directory / IGNORE_PATH for directory in Path(path).parents]
    held = [place.read_bytes() for place in (*places, _exclude_path(git)) if place.is_file()]
    return any(line.startswith(b"!") for content in held for line in content.split(b"\n"))


def _git_ignores(git: GitRepository, path: str) -> bool:
    return ask_git(git.paths.git_dir, _work_tree(git), "check-ignore", "-q", "--no-index", "--", path)


def _words_if_tracked(git: GitRepository, path: str) -> str | None:
    if not is_tracked(git.paths, path):
        return None
    return f"Git tracks '{path}' itself: git rm --cached -r -- {_from_top(path)}   (and commit that)"


def _from_top(path: str) -> str:
    """The path as it can be typed in any directory of the work tree."""
    return shlex.quote(f":/{path}")


def ignore_line(path: str) -> str:
    """The pattern that matches just this path from the top."""
    return "/" + "".join(f"\\{character}" if character in SPECIAL else character for character in path)


def _is_clean(git: GitRepository, committed: bytes) -> bool:
    place = _work_tree(git) / IGNORE_PATH
    if place.is_symlink():
        return False
    current = place.read_bytes() if place.exists() else b""
    return committed in (current, current.replace(b"\r\n", b"\n")) and (place.exists() or not committed)


def _with_line(content: bytes, line: str) -> bytes:
    if content and not content.endswith(b"\n"):
        content += b"\n"
    return content + f"{line}\n".encode()


def _exclude_here(git: GitRepository, line: str) -> None:
    exclude = _exclude_path(git)
    with git_errors(f"file '{exclude}'"):
        held = exclude.read_bytes() if exclude.exists() else b""
        if line.encode() not in held.split(b"\n"):
            replace_file(exclude, _with_line(held, line), durable=True)  # it is somebody's own file


def _work_tree(git: GitRepository) -> Path:
    assert git.paths.work_tree is not None
    return git.paths.work_tree


def _exclude_path(git: GitRepository) -> Path:
    return git.paths.common_dir / "info" / "exclude"
