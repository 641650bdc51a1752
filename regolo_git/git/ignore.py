"""Keeps artifacts in a work tree from being committed to Git by accident."""

import shlex
from pathlib import Path
from typing import NamedTuple

from regolo_git.git.program import ask_git
from regolo_git.git.repository import GitRepository
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import is_tracked
from regolo_git.system_calls import read_ordinary

IGNORE_PATH = ".gitignore"
SPECIAL = set("*?[\\!# ")


class Ignored(NamedTuple):
    """The new content of `.gitignore` to commit (None for no change), and a note for the user."""

    path: str
    content: bytes | None
    text: str | None


def ensure_ignored(git: GitRepository, path: str, branch: str) -> Ignored:
    """Decides how to keep an artifact out of Git.

    The version's own commit adds an entry to `.gitignore`.  If that file has uncommitted changes, or if the
    commit goes to a branch that is not checked out, the entry goes into this clone's `info/exclude` at once,
    and the note has the missing line.  Git keeps tracking a file it already tracks, whatever the entry: then
    the note has the command that stops it.
    """
    tracked = _tracked_warning(git, path)
    if _is_ignored(git, path):
        return Ignored(IGNORE_PATH, None, tracked)
    line = ignore_line(path)
    tip = git.branch_tip(branch)
    committed = git.read_file(tip, IGNORE_PATH) or b""
    if git.head_branch() == branch and _is_clean(git, committed):
        return Ignored(IGNORE_PATH, _with_line(committed, line), tracked)
    _exclude_here(git, line)
    missing = f"'{IGNORE_PATH}' was not changed; to ignore it in other clones, add this line: {line}"
    return Ignored(IGNORE_PATH, None, f"{missing}; and {tracked}" if tracked else missing)


def reinclusion_warning(git: GitRepository, path: str) -> str | None:
    """A warning if Git would add a file despite its entry; None otherwise.

    A `.gitignore` nearer to the file re-includes it by a pattern that starts with `!`.
    """
    if _is_ignored(git, path) or is_tracked(git.paths, path):
        return None
    return f"a '.gitignore' re-includes '{path}' in Git: git check-ignore -v -- {_from_top(path)}"


def _is_ignored(git: GitRepository, path: str) -> bool:
    with git_errors(f"'{path}'"):
        if not git.pygit.path_is_ignored(path):
            return False
    # libgit2 1.9.7 ignores a `!` pattern without a wildcard that negates a pattern of another file.
    return not _has_negation(git, path) or _git_ignores(git, path)


def _has_negation(git: GitRepository, path: str) -> bool:
    """Whether an ignore file that applies to a path has a pattern that starts with `!`."""
    places = [_work_tree(git) / directory / IGNORE_PATH for directory in Path(path).parents]
    held = [place.read_bytes() for place in (*places, _exclude_path(git)) if place.is_file()]
    return any(line.startswith(b"!") for content in held for line in content.split(b"\n"))


def _git_ignores(git: GitRepository, path: str) -> bool:
    return ask_git(git.paths.git_dir, _work_tree(git), "check-ignore", "-q", "--no-index", "--", path)


def _tracked_warning(git: GitRepository, path: str) -> str | None:
    if not is_tracked(git.paths, path):
        return None
    return f"Git already tracks '{path}': git rm --cached -r -- {_from_top(path)}   (then commit)"


def _from_top(path: str) -> str:
    """The path as a pathspec that works in any directory of the work tree, quoted for a shell."""
    return shlex.quote(f":/{path}")


def ignore_line(path: str) -> str:
    """The anchored pattern that matches exactly this path."""
    return "/" + "".join(f"\\{character}" if character in SPECIAL else character for character in path)


def _is_clean(git: GitRepository, committed: bytes) -> bool:
    place = _work_tree(git) / IGNORE_PATH
    if place.is_symlink() or (place.exists() and not place.is_file()):
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
        held = read_ordinary(exclude) if exclude.exists() else b""
        if line.encode() not in held.split(b"\n"):
            replace_file(exclude, _with_line(held, line), durable=True)  # the user's own file


def _work_tree(git: GitRepository) -> Path:
    assert git.paths.work_tree is not None
    return git.paths.work_tree


def _exclude_path(git: GitRepository) -> Path:
    return git.paths.common_dir / "info" / "exclude"
