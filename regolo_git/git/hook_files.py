"""Installs, removes and looks at the hooks of a repository; hooks of others keep running.

The directory is that of `core.hooksPath`, else `hooks` in the common Git directory, which all work trees
share.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from regolo_git.errors import Conflict, InvalidInput, PolicyRefused
from regolo_git.git.hook_scripts import (
    BEFORE,
    CLONE_HOOKS,
    LEGACY,
    SERVER_HOOKS,
    is_current,
    is_ours,
    script_of,
)
from regolo_git.git.program import try_git
from regolo_git.git.repository import GitRepository
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors
from regolo_git.hints import Hint

SETTING = "core.hooksPath"
OF_REPOSITORY = ("local", "worktree")
HookState = Literal["installed", "stale", "not executable", "not installed", "other hook"]


@dataclass(frozen=True, slots=True)
class HooksPlace:
    """The directory that git runs hooks from; `scope` is that of the setting which names it, if one does."""

    directory: Path
    scope: str | None = None

    @property
    def is_of_others(self) -> bool:
        """Whether other repositories use it, too."""
        return self.scope is not None and self.scope not in OF_REPOSITORY


@dataclass(frozen=True, slots=True)
class HookStatus:
    """One hook: the file that has ours, or would have it; `keeps` is the hook that runs beside it."""

    name: str
    state: HookState
    file: Path
    keeps: Path | None = None

    @property
    def is_ours(self) -> bool:
        """Whether this program wrote it, in any release."""
        return self.state not in ("not installed", "other hook")


def hooks_place(git: GitRepository) -> HooksPlace:
    """Where git looks for hooks; a relative setting starts where hooks run, at the top of the work tree."""
    paths = git.paths
    answer = try_git(
        paths.git_dir, paths.work_tree, "config", "--show-scope", "--type=path", "--get", SETTING
    )
    scope, _, value = answer.output.decode("utf-8", "surrogateescape").removesuffix("\n").partition("\t")
    if answer.status != 0 or not value:
        return HooksPlace(paths.common_dir / "hooks")
    return HooksPlace(paths.top / value, scope)


def hook_states(git: GitRepository) -> list[HookStatus]:
    """The state of every hook that belongs into this repository, or is there."""
    directory = hooks_place(git).directory
    of_clone, of_server = (
        [_status(directory, name) for name in names] for names in (CLONE_HOOKS, SERVER_HOOKS)
    )
    if git.is_bare:
        return of_server
    return [*of_clone, *(each for each in of_server if each.is_ours)]


def install_hooks(
    git: GitRepository, program: str, *, server: bool = False, anyway: bool = False
) -> list[HookStatus]:
    """Writes the hooks of a clone, or with `server` those of a repository that others push to.

    A hook that is there gets another name and runs before ours.  `program` is run where none is on PATH.
    With `anyway`, also into a directory that other repositories use, else that raises PolicyRefused.  Raises
    Conflict for a hook that cannot be kept because its other name is taken.
    """
    if git.is_bare and not server:
        text = f"'{git.paths.top}' is a bare repository, to which others push"
        raise InvalidInput(text, Hint("hooks", "install", "--server"))
    place, names = _writable(git, anyway=anyway), SERVER_HOOKS if server else CLONE_HOOKS
    statuses = [_status(place.directory, name) for name in names]
    for status in statuses:
        if status.state == "other hook" and os.path.lexists(_kept(place.directory, status.name)):
            taken = _kept(place.directory, status.name)
            raise Conflict(f"'{status.file}' is not ours, and '{taken}' is there already", f"rm '{taken}'")
    with git_errors(f"'{place.directory}'"):
        place.directory.mkdir(parents=True, exist_ok=True)
        for status in statuses:
            _install(place.directory, status, program)
    return [_status(place.directory, status.name) for status in statuses]


def uninstall_hooks(git: GitRepository, *, anyway: bool = False) -> list[HookStatus]:
    """Removes the hooks, and puts back those that were there before; returns what was removed.

    Raises PolicyRefused as `install_hooks` does.
    """
    place = _writable(git, anyway=anyway)
    statuses = [_status(place.directory, name) for name in (*CLONE_HOOKS, *SERVER_HOOKS)]
    removed = [each for each in statuses if each.is_ours]
    with git_errors(f"'{place.directory}'"):
        for status in removed:
            kept = _kept(place.directory, status.name)
            if os.path.lexists(kept):
                kept.replace(status.file)
            else:
                status.file.unlink()
    return removed


def _writable(git: GitRepository, *, anyway: bool) -> HooksPlace:
    place = hooks_place(git)
    if place.is_of_others and not anyway:
        what = f"{SETTING} of git's {place.scope} configuration names '{place.directory}'"
        hint = Hint("hooks", "install", "--yes")
        raise PolicyRefused(f"{what}, where hooks run for every repository", hint)
    return place


def _install(directory: Path, status: HookStatus, program: str) -> None:
    if status.state == "other hook":
        status.file.replace(_kept(directory, status.name))
    replace_file(status.file, script_of(status.name, program).encode("utf-8", "surrogateescape"))
    mode = status.file.stat().st_mode
    status.file.chmod(mode | (mode & 0o444) >> 2)  # anybody who may read it may run it


def _status(directory: Path, name: str) -> HookStatus:
    kept = _kept(directory, name)
    for file in _places(directory, name):
        text = _text(file)
        if text is not None and is_ours(text):
            beside = kept if os.path.lexists(kept) else directory / name
            return HookStatus(name, _state(file, text), file, beside if beside != file else None)
    place = directory / name
    return HookStatus(name, "other hook" if os.path.lexists(place) else "not installed", place)


def _places(directory: Path, name: str) -> Iterator[Path]:
    """Where our script may be: the framework's may have moved it."""
    yield directory / name
    yield directory / f"{name}{LEGACY}"


def _state(file: Path, text: str) -> HookState:
    if not os.access(file, os.X_OK):
        return "not executable"
    return "installed" if is_current(text) else "stale"


def _kept(directory: Path, name: str) -> Path:
    return directory / f"{name}{BEFORE}"


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return None
