"""The user's hooks that git would run for a commit of its own.

`commit-msg` gets the message of each commit, and may change or refuse it.  `reference-transaction` and
`post-index-change` are run by git itself, which moves the refs and changes the index where there is such a
hook (see `ref_update.py` and `index_file.py`).  The other hooks look at an index that is about to be
committed; there is none here, so they do not run, which is said once in each clone.
"""

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.environment import environment_of_git, git_program
from regolo_git.git.identity import Authorship
from regolo_git.git.lock import held_lock
from regolo_git.git.program import given_input
from regolo_git.git.repository import GitRepository
from regolo_git.git.settings import Settings
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors

if TYPE_CHECKING:
    import subprocess

COMMIT_MSG, REFERENCE_TRANSACTION, PRE_PUSH = "commit-msg", "reference-transaction", "pre-push"
INDEX_CHANGE = "post-index-change"
NOT_RUN = ("pre-commit", "prepare-commit-msg", "post-commit")
SAID_NAME = "hooks-said"


def has_hook(git: GitRepository, name: str) -> bool:
    """Whether git would run a hook: an executable file, or one that the configuration names."""
    return _is_there(git, name, git.settings())


def _is_there(git: GitRepository, name: str, settings: Settings) -> bool:
    return _executable(git, name, settings) is not None or _is_configured(name, settings)


def edited_message(git: GitRepository, message: str, authorship: Authorship) -> str:
    """The message after the `commit-msg` hook, if there is one.  Raises Conflict if the hook refuses it."""
    if not has_hook(git, COMMIT_MSG):
        return message
    # Not git's own COMMIT_EDITMSG, in which the user may be writing a message at this moment.
    place = git.paths.common_dir / "regolo" / "COMMIT_EDITMSG"
    with git_errors(f"hook '{COMMIT_MSG}'"):
        replace_file(place, message.encode())
        try:
            done = _run(git, COMMIT_MSG, [str(place)], _as_commit(git, authorship))
            edited = place.read_bytes().decode("utf-8", "surrogateescape")
        finally:
            place.unlink(missing_ok=True)
    words = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0:
        reason = words or f"exit status {done.returncode}"
        raise Conflict(f"hook '{COMMIT_MSG}' refused the commit: {reason}")
    if words:
        git.on_notice(f"hook '{COMMIT_MSG}': {words}")
    if not edited.strip():
        raise Conflict(f"hook '{COMMIT_MSG}' left an empty message")
    return edited


def hooks_not_run(git: GitRepository) -> list[str]:
    """The hooks that git would run for its own commit, and that do not run for one of this program."""
    settings = git.settings()
    return [name for name in NOT_RUN if _is_there(git, name, settings) and not _is_own(git, name, settings)]


def _is_own(git: GitRepository, name: str, settings: Settings) -> bool:
    """Whether a hook is this program's alone: what it checks is done for every commit of this program."""
    from regolo_git.git.hook_scripts import BEFORE, is_ours  # noqa: PLC0415 - few repositories have a hook

    place = _executable(git, name, settings)
    if place is None or place.with_name(f"{name}{BEFORE}").exists() or _is_configured(name, settings):
        return False
    return is_ours(place.read_text("utf-8", "replace"))


def not_run_text(names: list[str]) -> str:
    """The notice about hooks that do not run."""
    listed = ", ".join(f"'{name}'" for name in names)
    verb = "does" if len(names) == 1 else "do"
    return f"{'hook' if len(names) == 1 else 'hooks'} {listed} {verb} not run: no index is committed"


def say_what_is_not_run(git: GitRepository) -> None:
    """Issues the notice about hooks that do not run, once in each clone."""
    place = git.paths.common_dir / "regolo" / SAID_NAME
    if place.exists() or not (names := hooks_not_run(git)):
        return
    git.on_notice(not_run_text(names))
    with git_errors(f"file '{place}'"):
        replace_file(place, b"")


def _executable(git: GitRepository, name: str, settings: Settings) -> Path | None:
    configured = settings.get("core.hooksPath")
    top = git.paths.work_tree or git.paths.git_dir
    directory = top / Path(configured).expanduser() if configured else f"{git.paths.common_dir}/hooks"
    place = Path(f"{directory}/{name}")
    return place if place.is_file() and os.access(place, os.X_OK) else None


def _is_configured(name: str, settings: Settings) -> bool:
    """Whether the configuration has a hook for an event (git 2.54)."""
    return any(key.endswith(".event") and value == name for key, value in settings.below("hook").items())


def _as_commit(git: GitRepository, authorship: Authorship) -> dict[str, str]:
    """The variables that `git commit` adds for its hooks: the index and the author among them."""
    return {
        "GIT_INDEX_FILE": str(git.paths.git_dir / "index"), "GIT_PREFIX": "", "GIT_EDITOR": ":",
        **authorship.author.variables("AUTHOR"),
    }  # fmt: skip


class HookEnd(NamedTuple):
    """The exit status of a hook, and what it wrote."""

    status: int
    words: str


def run_hook(
    git: GitRepository, name: str, *arguments: str, given: bytes = b"", also: Mapping[str, str] | None = None
) -> HookEnd | None:
    """Runs a hook as git does for a push or when it receives one; None if there is none.

    It reads `given`, and has further environment variables (`also`).
    """
    if not has_hook(git, name):
        return None
    done = _run(git, name, arguments, also or {}, given)
    return HookEnd(done.returncode, done.stdout.decode(errors="replace").strip())


def _run(
    git: GitRepository, name: str, arguments: Sequence[str], also: Mapping[str, str], given: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    settings = git.settings()
    place = _executable(git, name, settings)
    if _is_configured(name, settings) or place is None:
        command = [git_program(), "hook", "run", "--ignore-missing", name, "--", *arguments]
        return _start(git, command, also, given)
    try:
        return _start(git, [str(place), *arguments], also, given)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        return _start(git, ["sh", str(place), *arguments], also, given)  # without `#!`, as git does


def _start(
    git: GitRepository, command: list[str], also: Mapping[str, str], given: bytes
) -> "subprocess.CompletedProcess[bytes]":
    """Runs a hook as git does: at the top of the work tree, or in the directory of a bare repository."""
    import subprocess  # noqa: PLC0415 - few repositories have a hook

    git_dir, top = git.paths.git_dir, git.paths.work_tree
    with given_input(given) as stdin:
        return subprocess.run(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            env={**environment_of_git(git_dir, top, None), **also},
            cwd=top or git_dir,
            pass_fds=held_lock(),
        )
