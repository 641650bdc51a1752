"""The write path: files, commit and tag in one atomic step.

    lock the clone → finish or undo a killed run → prepare on the branch's tip → write objects → write journal
    → lock tag and branch → compare under the locks → write the files where the branch is checked out
    → move the tag → move the branch → remove the journal

The tag moves before the branch: the next run finishes a run killed between the two from its journal, and
until then the version can already be found.  The same command, run again, returns what the killed one
published.  A lost race is retried on the new tip, up to a limit.
"""

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from regolo_git.errors import Conflict, LostRace, MissingObject, RegoloError
from regolo_git.git.hooks import INDEX_CHANGE, has_hook, say_what_is_not_run
from regolo_git.git.identity import Authorship
from regolo_git.git.journal import Journal, LockFile, clear_journal, record_taken_locks, write_journal
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_commit import (
    Made,
    NewCommit,
    WrittenObjects,
    refuse_blocked,
    refuse_tag,
    write_objects,
)
from regolo_git.git.recovery import recover, settle, undo
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_update import require_target, update_refs
from regolo_git.git.refs_state import ref_target, symbolic_target
from regolo_git.git.repeated import is_repeated, start_of, unreported_on
from regolo_git.git.repository import GitRepository
from regolo_git.git.sharing import share_local
from regolo_git.git.temporaries import exclude_temporaries
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import FileEdit, refuse_unready, work_trees_on, write_edits
from regolo_git.hints import Hint
from regolo_git.system_calls import pause

ATTEMPTS = 40


class Published(NamedTuple, Generic[Made]):
    """A published commit with its tag, and the caller's own value from `NewCommit.made`.

    If it is `repeated`, an interrupted run of the same command published it.
    """

    branch: str
    commit: str
    tag_oid: str | None
    made: Made
    repeated: bool = False


Result = TypeVar("Result")
Prepare = Callable[[str | None], NewCommit[Made]]
Accept = Callable[[Published[Made]], None]


def publish(
    git: GitRepository,
    branch: str,
    prepare: Prepare[Made],
    *,
    authorship: Authorship | None = None,
    accept: Accept[Made] | None = None,
) -> Published[Made]:
    """Writes the commit that `prepare` returns to a branch, and tags it.

    `prepare` gets the branch's tip (None before its first commit), and is called again with the new tip if
    another writer moves it.  A branch missing in this clone starts at `origin`'s.  `authorship` defaults to
    Git's environment and configuration.  `accept` is called once the objects are there, before any ref or
    file changes; what it raises ends the publication.  Raises the errors of both; Conflict if the files have
    uncommitted changes, the commit would change nothing or the branch is a symbolic ref; VersionExists if the
    tag exists; InvalidInput if the author is unknown; LostRace after many lost races.
    """

    def start() -> str | None:
        known = git.newest_known(branch)
        if known is not None and work_trees_on(git.paths, branch):
            # The files of that commit are not in the work tree, and checking them out is git's job.
            raise Conflict(
                f"branch '{branch}' has no commits in this clone, but 'origin/{branch}' has",
                f"git merge origin/{branch}",
            )
        return known

    return _publish(git, branch, start, prepare, authorship, accept, must_be_new=False)


def refuse_early(
    git: GitRepository, branch: str, paths: Iterable[str], *, authorship: Authorship | None = None
) -> None:
    """Raises the errors that publishing these paths would raise now, before any expensive work.

    Conflict if a merge is in progress or the files have uncommitted changes, InvalidInput if the author is
    unknown.
    """
    authorship or git.authorship()
    _refuse_symbolic(git, branch)
    # Under the lock, because another run writes these files just before it moves the branch; a run killed at
    # that point is finished first.
    share_local(git.paths, git.shared)
    with clone_lock(git.paths):
        recover(git)
        tip = ref_target(git.paths, f"refs/heads/{branch}")
        held = [(path, git.blob_oid(tip, path)) for path in paths]
        for tree in work_trees_on(git.paths, branch) if held else ():
            refuse_unready(git.pygit, tree, [FileEdit(path, oid, oid) for path, oid in held])


def create_branch(
    git: GitRepository,
    name: str,
    start: str | None,
    prepare: Prepare[Made],
    *,
    authorship: Authorship | None = None,
    accept: Accept[Made] | None = None,
) -> Published[Made]:
    """Publishes to a new branch that starts at `start`.  Raises Conflict if the branch exists."""
    return _publish(git, name, lambda: start, prepare, authorship, accept, must_be_new=True)


def _publish(
    git: GitRepository,
    branch: str,
    start: Callable[[], str | None],
    prepare: Prepare[Made],
    authorship: Authorship | None,
    accept: Accept[Made] | None,
    *,
    must_be_new: bool,
) -> Published[Made]:
    def attempt() -> Published[Made]:
        held = ref_target(git.paths, f"refs/heads/{branch}")
        if must_be_new and held is not None:
            raise Conflict(f"branch '{branch}' already exists", f"git log -1 {branch}")
        if held is None:
            refuse_blocked(git, f"refs/heads/{branch}")
        tip = held if held is not None else start()
        new = prepare(tip)
        objects = write_objects(git, branch, tip, new, authorship or git.authorship())
        published = Published(branch, objects.commit, objects.tag.oid if objects.tag else None, new.made)
        move_refs(git, branch, held, objects, lambda: accept(published) if accept is not None else None)
        return published

    authorship or git.authorship()  # fail before anything is locked or written
    return under_lock(git, branch, prepare, attempt)


def under_lock(
    git: GitRepository, branch: str, prepare: Prepare[Made], attempt: Callable[[], Published[Made]]
) -> Published[Made]:
    """Publishes once the clone is locked, unless an interrupted run of the same command did.

    `attempt` is called again if it loses a race.
    """
    _refuse_symbolic(git, branch)
    say_what_is_not_run(git)
    share_local(git.paths, git.shared)
    with clone_lock(git.paths), git.steady():
        recover(git)
        before = _published_before(git, branch, prepare)
        if before is not None:
            git.unreported.take_over()
        return before or retry(git, attempt)


def published_before(git: GitRepository, branch: str, prepare: Prepare[Made]) -> Published[Made] | None:
    """What an interrupted run of the same command published to a branch; None if there was no such run.

    `publish` returns it too.  `prepare` gets the commit that the run started from.
    """
    share_local(git.paths, git.shared)
    with clone_lock(git.paths):
        recover(git)
        return _published_before(git, branch, prepare)


def _published_before(git: GitRepository, branch: str, prepare: Prepare[Made]) -> Published[Made] | None:
    left = unreported_on(git, branch)
    if left is None:
        return None
    try:
        new = prepare(start_of(git, left.new))
    except RegoloError:
        return None  # the error, if it still applies, is raised on the present tip
    if not is_repeated(git, left, new):
        return None
    return Published(branch, left.new, left.tag_oid, new.made, repeated=True)


def _refuse_symbolic(git: GitRepository, branch: str) -> None:
    # The library's transaction would replace the symbolic ref instead of moving its target.
    other = symbolic_target(git.paths, f"refs/heads/{branch}")
    if other is not None:
        name = other.removeprefix("refs/heads/")
        raise Conflict(f"branch '{branch}' is a symbolic ref to '{name}'", f"git switch {name}")


def retry(git: GitRepository, attempt: Callable[[], Result]) -> Result:
    """Calls `attempt` until it wins the race for its ref, at most ATTEMPTS times."""
    for number in range(1, ATTEMPTS):
        try:
            return attempt()
        except (LostRace, MissingObject):
            # `git gc` may have moved objects to a pack that the library has not opened yet.
            git.reopen()
            pause(0.002, min(0.005 * 2**number, 0.25))
    return attempt()


def move_refs(
    git: GitRepository,
    branch: str,
    expected: str | None,
    objects: WrittenObjects,
    accept: Callable[[], None],
) -> None:
    """Moves a branch from `expected` to what was written for it, and its tag and files, after `accept`."""
    branch_ref, tag = f"refs/heads/{branch}", objects.tag
    journal = Journal(
        branch_ref, expected, objects.commit,
        tag.ref if tag else None, tag.oid if tag else None,
        tuple(objects.edits), tuple(objects.work_trees),
        tuple(lock_file(git, ref) for ref in ((tag.ref, branch_ref) if tag else (branch_ref,))),
    )  # fmt: skip
    touched = False

    def write_files() -> None:
        nonlocal touched
        record_taken_locks(git.paths, journal)
        touched = True
        exclude_temporaries(git.paths)
        by_git = has_hook(git, INDEX_CHANGE)
        for tree in objects.work_trees:
            write_edits(git.pygit, tree, objects.edits, index_by_git=by_git)

    with git_errors(f"branch '{branch}'"):
        for tree in objects.work_trees:
            refuse_unready(git.pygit, tree, objects.edits)
        require_target(git, branch_ref, expected)
        accept()
        write_journal(git.paths, journal)
        try:
            _update_under_locks(git, branch_ref, expected, objects, write_files)
        except BaseException as error:
            # The locks are released by now; finish or undo the writes made under them.
            if not touched or not _settle_now(git, journal):
                clear_journal(git.paths)
                raise
            if not isinstance(error, Exception):
                git.unreported.keep()  # interrupted by the user, who sees no result
                raise
        git.unreported.complete()


def lock_file(git: GitRepository, ref: str) -> LockFile:
    """The lock of a ref, which this process takes."""
    return LockFile(str(git.paths.common_dir / f"{ref}.lock"))


def _settle_now(git: GitRepository, journal: Journal) -> bool:
    """Finishes or undoes a write that failed; returns whether it is complete."""
    try:
        return settle(git, journal).complete
    except RegoloError as error:
        try:
            undo(git, journal)  # a full disk has room for removing a tag
        except RegoloError:
            # The journal stays for the next run.  An immediate retry would mistake the half-written files for
            # the user's changes.
            kind = Conflict if isinstance(error, LostRace | MissingObject) else type(error)
            raise kind(error.message, Hint("doctor")) from error
        return False


def _update_under_locks(
    git: GitRepository,
    branch_ref: str,
    expected: str | None,
    objects: WrittenObjects,
    write_files: Callable[[], None],
) -> None:
    tag = objects.tag

    def check() -> None:
        require_target(git, branch_ref, expected)
        if tag is not None:
            refuse_tag(git, tag.name)

    changes = [RefChange(branch_ref, expected, objects.commit, "regolo: publish")]
    if tag is not None:
        changes.insert(0, RefChange(tag.ref, None, tag.oid, "regolo: version"))
    update_refs(git, changes, check, write_files)
