"""Finds leftovers of killed runs and problems of this clone, and repairs those that are safe to repair.

It repairs an interrupted write (from its journal, under the clone's lock), keeps records out of Git's
filters, and removes temporary files in the store and beside the caches.  It reports everything else with a
command that helps, and changes nothing; above all not lock files, because a running git may hold them.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from regolo_git.artifacts.restore.leftovers import left_stagings, remove_left
from regolo_git.artifacts.restore.staging import remove_staging, stale_stagings
from regolo_git.errors import NotFound, RegoloError
from regolo_git.git.git_locks import git_locks
from regolo_git.git.history import common_commit
from regolo_git.git.hook_files import hook_states
from regolo_git.git.hooks import hooks_not_run, not_run_text
from regolo_git.git.journal import read_journal
from regolo_git.git.lock import clone_lock
from regolo_git.git.program import FETCH_ALL
from regolo_git.git.recovery import LEFT, recover
from regolo_git.hints import Hint
from regolo_git.maintenance.finding import Finding, Kind
from regolo_git.maintenance.record_conversion import converted_records
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS
from regolo_git.records.references import version_reference
from regolo_git.registry.clashes import find_clashes
from regolo_git.registry.drivers import MERGE, TEXTCONV, driver_state, set_up_drivers
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import read_merge_state
from regolo_git.registry.operations_branch import has_same_records
from regolo_git.registry.other_store import add_former
from regolo_git.registry.signature_notes import ignored_lines
from regolo_git.registry.versions.merged import tag_merged
from regolo_git.registry.versions.untagged import NOT_TAGGED
from regolo_git.text.numbers import counted

OLD_SECONDS = 3600.0  # younger temporary files of the caches may belong to a running process
LOCK_SECONDS = 10.0  # git holds its locks for less, except while the user edits a commit message


def examine(handle: Handle, *, dry_run: bool) -> Iterator[Finding]:
    """Checks everything, and repairs what is safe to repair unless `dry_run`.

    A check that fails, for example because the store is unavailable or a manifest cannot be read, is reported
    and does not stop the others.  Raises NotFound if there is no registry, Conflict if another writer holds
    the clone's lock for more than a minute.
    """
    yield from _interrupted_write(handle, dry_run)
    steps: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _store_temporaries(handle, dry_run),
        lambda: _stagings(handle, dry_run),
        lambda: _cache_temporaries(handle, dry_run),
        lambda: _lock_files(handle),
        lambda: converted_records(handle, dry_run),
        lambda: _drivers(handle, dry_run),
        lambda: _untagged(handle),
        lambda: _off_branch(handle),
        lambda: _clashes(handle),
        lambda: _stray_operations(handle),
        lambda: _signature_notes(handle),
        lambda: _limits(handle),
        lambda: _shared_store(handle, dry_run),
    )
    reported: set[str] = set()
    for step in steps:
        try:
            yield from step()
        except RegoloError as error:
            if isinstance(error, NotFound) and handle.config_at_head() is None:
                raise  # no registry at all
            if error.message not in reported:
                yield Finding("left", error.message, error.hint)
            reported.add(error.message)


def _shared_store(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    if handle.config().store_url is not None:
        # A store brings the library of its filesystem.
        from regolo_git.maintenance.shared_store_check import shared_store_findings  # noqa: PLC0415

        yield from shared_store_findings(handle, dry_run=dry_run)
    for store in handle.shared_stores.left_behind():
        what = f"this clone has pushed to the store '{store.url}' and no longer reads it"
        yield Finding("limit", f"{what}: evicted bytes may be only there", add_former(store))


def _interrupted_write(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    if dry_run:
        journal = read_journal(handle.paths)
        if journal is not None:
            yield Finding("to repair", f"interrupted update of {journal.subject}")
        return
    with clone_lock(handle.paths):
        for message in recover(handle.git):
            kind: Kind = "left" if LEFT in message else "repaired"
            yield Finding(kind, message)


def _store_temporaries(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    store = handle.store
    paths = store.stale_temporaries()
    if paths and not dry_run:
        for path in paths:
            store.remove_temporary(path)
    if paths:
        yield _removed(f"{counted(len(paths), 'temporary file')} in the store '{store.url}'", dry_run)


def _drivers(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    """The merge driver of this clone, and a diff driver that another release has configured."""
    if handle.paths.work_tree is None:
        return  # nobody merges there
    states = {key: driver_state(handle, key) for key in (MERGE, TEXTCONV)}
    wanted = {MERGE: ("missing", "stale"), TEXTCONV: ("stale",)}
    wrong = [key for key, state in states.items() if state in wanted[key]]
    if wrong and not dry_run:
        set_up_drivers(handle, textconv=TEXTCONV in wrong)
    for key in wrong:
        what = "is not configured" if states[key] == "missing" else "is that of another release"
        kind: Kind = "to repair" if dry_run else "repaired"
        yield Finding(kind, f"git's '{key}' for the registry's records {what}")


def _stagings(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    noted = left_stagings(handle.checkout_notes)
    if not dry_run:
        remove_left(handle.checkout_notes)
    # Those without a note are of a release that had none.
    others = [path for place in _artifact_directories(handle) for path in stale_stagings(place)]
    for path in others if not dry_run else ():
        remove_staging(path)
    for path in dict.fromkeys([*noted, *others]):
        yield _removed(f"directory '{path}' of an interrupted checkout", dry_run)


def _artifact_directories(handle: Handle) -> list[Path]:
    """The directories with possible leftovers of a checkout: at and beside the artifacts of HEAD."""
    top, head = handle.paths.work_tree, handle.git.head_commit()
    if top is None or head is None:
        return []
    manifests = handle.records_at(head).manifests().records  # `_untagged` reports the broken ones
    paths = [manifest.artifact.path for manifest in manifests]
    places = [top, *(top / path for path in paths if path is not None)]
    return list(dict.fromkeys([*places, *(place.parent for place in places[1:])]))


def _cache_temporaries(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    # `replace_file` writes `.<name>.<random>` beside the file it replaces.
    now, info = time.time(), handle.paths.common_dir / "info"
    ours = (handle.local_directory, handle.paths.git_dir / "regolo" / "held")
    found = [path for directory in ours for path in directory.glob(".*.*")]
    for path in sorted([*found, *info.glob(".exclude.*")]):
        if path.is_file() and now - path.stat().st_mtime > OLD_SECONDS:
            if not dry_run:
                path.unlink(missing_ok=True)
            yield _removed(f"temporary file '{path}'", dry_run)


def _removed(what: str, dry_run: bool) -> Finding:
    return Finding("to repair", what) if dry_run else Finding("repaired", f"removed {what}")


def _lock_files(handle: Handle) -> Iterator[Finding]:
    now = time.time()
    for path in git_locks(handle.paths):
        try:
            age = now - path.stat().st_mtime
        except FileNotFoundError:
            continue
        if age > LOCK_SECONDS:
            yield Finding(
                "left",
                f"lock file '{path}' is {int(age)} s old and may belong to a running git command",
                f"rm '{path}'  (if no git command is running here)",
            )


def _untagged(handle: Handle) -> Iterator[Finding]:
    if handle.git.is_shallow:
        return  # reported as a limit
    for version in tag_merged(handle, dry_run=True):
        if version.version is None:
            yield Finding("left", f"{version.problem}", version.hint)
            continue
        reference = version_reference(version.model, version.version)
        if version.problem is None:
            yield Finding("left", f"'{reference}' {NOT_TAGGED}", Hint("tag", "--merged"))
        else:
            problem = f"'{reference}' cannot be tagged: {version.problem}"
            yield Finding("left", problem, version.hint or Hint("fsck"))


def _off_branch(handle: Handle) -> Iterator[Finding]:
    config = handle.config()
    lines = f" or on {', '.join(config.lines)}" if config.lines else ""
    for row in chain.from_iterable(read_merge_state(handle).unmerged.values()):
        what = f"tag '{row.tag}' is not on branch '{config.branch}'{lines}"
        yield Finding("left", what, f"git log -1 --oneline '{row.tag}'")


def _clashes(handle: Handle) -> Iterator[Finding]:
    for clash in find_clashes(handle):
        yield Finding("left", clash.text, clash.hint)


def _stray_operations(handle: Handle) -> Iterator[Finding]:
    """Environments and endpoints that were changed on the registry branch, where they count no more."""
    registry, operations = handle.registry_branch(), handle.operations_branch()
    if registry == operations:
        return
    tip = handle.registry_tip()
    base = common_commit(handle.git, tip, handle.operations_tip())
    if base is not None and not has_same_records(handle.git, base, tip):
        what = f"branch '{registry}' has changes of environments or endpoints that '{operations}' lacks"
        yield Finding("left", what, f"git log {operations}..{registry} -- {ENVIRONMENTS} {ENDPOINTS}")


def _signature_notes(handle: Handle) -> Iterator[Finding]:
    for found in ignored_lines(handle):
        yield Finding("limit", f"{found.subject}: {found.what}", found.hint)


def _limits(handle: Handle) -> Iterator[Finding]:
    git = handle.git
    checks: tuple[tuple[Callable[[], bool], str, str | None], ...] = (
        (
            lambda: git.is_shallow,
            "this clone is shallow: the commits of older versions are missing",
            "git fetch --unshallow --tags",
        ),
        (
            lambda: git.promised is not None,
            "this clone is partial: what it lacks is fetched when it is read",
            FETCH_ALL,
        ),
        (
            lambda: shutil.which("git") is None,
            "the program 'git' is not on PATH: commits to a checked-out branch are not possible",
            "apt-get install git",
        ),
        (
            lambda: git.head_branch() is None,
            "HEAD is detached: new versions need a branch",
            f"git switch {handle.registry_branch()}",
        ),
    )
    for applies, what, hint in checks:
        if applies():
            yield Finding("limit", what, hint)
    if names := hooks_not_run(git):
        yield Finding("limit", not_run_text(names))
    for hook in hook_states(git) if shutil.which("git") is not None else ():
        if hook.is_ours and hook.state != "installed":
            yield Finding("limit", f"hook '{hook.file}' is {hook.state}", Hint("hooks", "install"))
    yield from _identity(handle)


def _identity(handle: Handle) -> Iterator[Finding]:
    try:
        handle.git.authorship()
    except RegoloError as error:
        yield Finding("limit", error.message, error.hint)
