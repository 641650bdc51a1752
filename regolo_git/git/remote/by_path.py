"""A remote on this machine, where there is no `git`: the work of its receiving end is done here.

Objects first, then the hooks of that repository, then all refs under their locks.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pygit2

from regolo_git.errors import Conflict, LostRace, NotFound
from regolo_git.git.discover import find_repository
from regolo_git.git.hooks import HookEnd, run_hook
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_update import require_target, update_refs
from regolo_git.git.refs_state import blocking_ref, read_tags, ref_target, refs_beside_tags
from regolo_git.git.remote.failures import remote_failure
from regolo_git.git.remote.missing_objects import objects_to_send
from regolo_git.git.remote.patterns import matching
from regolo_git.git.remote.porcelain import SHARED, judged, refused
from regolo_git.git.remote.transport import (
    ABSENT,
    BRANCHES,
    TAGS,
    GitProgress,
    OnGitProgress,
    Outcome,
    Pushed,
    RefUpdate,
    Refusal,
)
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import work_trees_on

LENIENT = ("ignore", "warn", "false", "no", "off", "0")  # values of receive.denyCurrentBranch
PUSHED = "push"


def open_at(remote: str, path: Path) -> GitRepository:
    """Opens the repository at a path, not one around it.

    Raises NotFound if there is none, TransportError if another user owns it.
    """
    try:
        paths = find_repository(path, {})
        if path.resolve() not in (paths.git_dir, paths.common_dir, paths.work_tree):
            raise NotFound(f"'{path}' is not a Git repository")
        return GitRepository.open(paths)
    except NotFound as error:
        raise remote_failure(remote, [f"fatal: '{path}' does not appear to be a git repository"]) from error
    except Conflict as error:
        if "not owned" in error.message:
            raise remote_failure(
                remote, [f"fatal: detected dubious ownership in repository at '{path}'"]
            ) from error
        raise


def refs_at(there: GitRepository, patterns: Iterable[str]) -> dict[str, str]:
    """The refs of a repository that match one of some patterns, with their objects."""
    with git_errors("refs"):
        found = {f"{TAGS}{name}": tag.oid for name, tag in read_tags(there.paths)[1].items()}
        for ref in refs_beside_tags(there.paths):
            oid = ref_target(there.paths, ref)
            if oid is not None:
                found[ref] = oid
    return matching(found, patterns)


def known_of(git: GitRepository, updates: Sequence[RefUpdate], theirs: Mapping[str, str]) -> list[str]:
    """The objects of a remote that this clone has with their history, in so far as they save anything.

    Those of the updated refs precede the new ones; of the others, only those that a ref of this clone names.
    """
    named = set(refs_at(git, ["refs/*"]).values())
    updated = {update.ref for update in updates}
    return [
        oid for ref, oid in theirs.items() if not ref.startswith(TAGS) and (ref in updated or oid in named)
    ]


def push_to(
    git: GitRepository,
    there: GitRepository,
    updates: Sequence[RefUpdate],
    theirs: dict[str, str],
    on_progress: OnGitProgress,
) -> Pushed:
    """Moves refs of a repository from what they were a moment ago, all of them or none."""
    changed = [update for update in updates if theirs.get(update.ref) != update.new]
    blocked = {update.ref: reason for update in changed if (reason := _reason(there, update)) is not None}
    if blocked:
        return _all(updates, [refused(ref, reason, ()) for ref, reason in blocked.items()], ())
    _send(git, there, changed, theirs, on_progress)
    said: list[str] = []
    declined = _ask_hooks(there, changed, theirs, said)
    if declined:
        return _all(updates, declined, said)
    changes = [RefChange(update.ref, theirs.get(update.ref), update.new, PUSHED) for update in changed]
    try:
        update_refs(there, changes, lambda: _require(there, changes), lambda: None)
    except LostRace as error:
        lost = [change.ref for change in changes if f"'{change.ref}'" in error.message]
        return _all(updates, [Outcome(ref, Refusal.MOVED, error.message) for ref in lost], said)
    for name, arguments, given in (
        ("post-receive", (), _lines(changed, theirs)),
        ("post-update", tuple(update.ref for update in changed), b""),
    ):
        _hear(run_hook(there, name, *arguments, given=given), said)
    return Pushed({update.ref: Outcome(update.ref) for update in updates}, tuple(said))


def _reason(there: GitRepository, update: RefUpdate) -> str | None:
    """Why git's receiving end would not touch a ref at all, or not have it give up commits."""
    ref = update.ref
    if update.replaces and there.settings().is_true("receive.denyNonFastForwards"):
        return "non-fast-forward"
    blocking = blocking_ref(there.paths, ref)
    if blocking is not None:
        return f"'{blocking}' exists; cannot create '{ref}'"
    branch = ref.removeprefix(BRANCHES) if ref.startswith(BRANCHES) else None
    allowed = (there.config_get("receive.denyCurrentBranch") or "").lower() in LENIENT
    if branch is not None and not allowed and work_trees_on(there.paths, branch):
        return "branch is currently checked out"
    return None


def _send(
    git: GitRepository,
    there: GitRepository,
    changed: Sequence[RefUpdate],
    theirs: dict[str, str],
    on_progress: OnGitProgress,
) -> None:
    """Writes the objects as one pack; the library makes it durable before it has its name."""
    known = known_of(git, changed, theirs)
    wanted = [update.new for update in changed if not there.has(update.new)]
    with git_errors(f"repository '{there.paths.top}'"):
        builder = pygit2.PackBuilder(git.pygit)
        oids = objects_to_send(git, wanted, known)
        for number, oid in enumerate(oids, 1):
            builder.add(pygit2.Oid(hex=oid))
            on_progress(GitProgress("Writing objects", number, len(oids)))
        if len(builder):
            builder.write(str(there.paths.common_dir / "objects" / "pack"))
    there.reopen()


def _ask_hooks(
    there: GitRepository, changed: Sequence[RefUpdate], theirs: dict[str, str], said: list[str]
) -> list[Outcome]:
    """The refs that the hooks of the repository decline."""
    if not _hear(run_hook(there, "pre-receive", given=_lines(changed, theirs)), said):
        return [refused(update.ref, "pre-receive hook declined", said) for update in changed]
    found = []
    for update in changed:
        end = run_hook(there, "update", update.ref, theirs.get(update.ref, ABSENT), update.new)
        if not _hear(end, said):
            found.append(refused(update.ref, "hook declined", said))
    return found


def _hear(end: HookEnd | None, said: list[str]) -> bool:
    """Adds what a hook wrote; returns whether it agreed."""
    said += end.words.splitlines() if end is not None else []
    return end is None or end.status == 0


def _lines(changed: Sequence[RefUpdate], theirs: dict[str, str]) -> bytes:
    lines = (f"{theirs.get(update.ref, ABSENT)} {update.new} {update.ref}\n" for update in changed)
    return "".join(lines).encode("utf-8", "surrogateescape")


def _require(there: GitRepository, changes: Sequence[RefChange]) -> None:
    for change in changes:
        require_target(there, change.ref, change.old)


def _all(updates: Sequence[RefUpdate], causes: Sequence[Outcome], said: Sequence[str]) -> Pushed:
    """The outcome of each update, where some are the cause that none was made."""
    by_ref = {outcome.ref: outcome for outcome in causes}
    return judged(
        [by_ref.get(update.ref, Outcome(update.ref, Refusal.ATOMIC, SHARED[0])) for update in updates], said
    )
