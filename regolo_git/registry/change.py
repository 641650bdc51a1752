"""Changing a registry's records: prepare on the tip of a branch, then commit in one step.

Every verb that changes records goes through `commit_records`, or through `propose_records` if the change
needs a review; `commit_operations` and `propose_operations` are for promotions and endpoints.  `prepare` runs
again when another writer committed first, so it must depend only on the records that it is given.  Every
record is read back before anything is written.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from regolo_git.errors import Conflict
from regolo_git.git.identity import Authorship
from regolo_git.git.journal import journal_path
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_commit import Made, NewCommit
from regolo_git.git.publish import Accept, Published, create_branch, publish
from regolo_git.git.recovery import recover
from regolo_git.hints import Hint
from regolo_git.records.commit_message import with_trailers
from regolo_git.registry.handle import Handle
from regolo_git.registry.record_attributes import converted_when_added
from regolo_git.registry.records_at import RecordsAt, check_readable
from regolo_git.text import logs
from regolo_git.text.commits import short

if TYPE_CHECKING:
    from regolo_git.registry.push_at_once import Destination

Prepare = Callable[[RecordsAt], NewCommit[Made]]
RecordsOf = Callable[[str | None], RecordsAt]


def recover_first(handle: Handle) -> None:
    """Finishes or undoes what a killed run left, before a verb looks at versions and records.

    A notice has the outcome.  Raises Conflict if another writer holds the lock of the clone for a minute.
    """
    if journal_path(handle.paths).exists():
        with clone_lock(handle.paths):
            for message in recover(handle.git):
                handle.notice(message)


def commit_operations(
    handle: Handle, prepare: Prepare[Made], to: "Destination | None" = None
) -> Published[Made]:
    """Commits what `prepare` returns to the operations branch: promotions and endpoints.

    With `to`, nothing changes here unless that remote takes the commit.  Raises NotFound if this clone lacks
    one of the branches.
    """
    handle.operations_tip()
    branch = handle.operations_branch()
    if branch != handle.registry_branch():
        from regolo_git.registry.operations_branch import bring_forward  # noqa: PLC0415 - few registries have one

        bring_forward(handle.git, branch)
    checked = _checked(handle, prepare, operations_at(handle))

    def attempt(accept: Accept[Made] | None = None) -> Published[Made]:
        return publish(handle.git, branch, checked, accept=accept)

    return notice_repeated(handle, attempt() if to is None else to.publish(branch, attempt))


def change_operations(
    handle: Handle, prepare: Prepare[Made], to: "Destination | None", *, proposed: str | None
) -> Published[Made]:
    """Commits to the operations branch, or to the new branch `proposed` for a review."""
    if proposed is not None:
        return propose_operations(handle, proposed, prepare, to)
    return commit_operations(handle, prepare, to)


def operations_at(handle: Handle) -> RecordsOf:
    """The records for a change of the operations branch, by the tip of that branch."""
    if handle.operations_branch() == handle.registry_branch():
        return handle.records_at
    return lambda tip: handle.records_of(handle.registry_tip(), tip)


def commit_records(
    handle: Handle,
    prepare: Prepare[Made],
    *,
    branch: str | None = None,
    authorship: Authorship | None = None,
    to: "Destination | None" = None,
) -> Published[Made]:
    """Commits what `prepare` returns to the registry branch, or to another one; see `publish`.

    With `to`, nothing changes here unless that remote takes the commit.  Raises NotFound if this clone lacks
    the registry branch.
    """
    if branch is None:
        handle.registry_tip()  # `publish` would create a branch of that name
    target = branch or handle.registry_branch()
    records_of = handle.records_from if branch is None else handle.records_at
    checked = _checked(handle, prepare, records_of)

    def attempt(accept: Accept[Made] | None = None) -> Published[Made]:
        return publish(handle.git, target, checked, authorship=authorship, accept=accept)

    return notice_repeated(handle, attempt() if to is None else to.publish(target, attempt))


def propose_records(
    handle: Handle,
    branch: str,
    prepare: Prepare[Made],
    *,
    start: str,
    authorship: Authorship | None = None,
    to: "Destination | None" = None,
) -> Published[Made]:
    """Commits what `prepare` returns to a new branch, from the tip of the branch `start`.

    With `to`, nothing changes here unless that remote takes the branch.  Raises Conflict if it exists.
    """
    records_of = handle.records_from if start == handle.registry_branch() else handle.records_at
    tip, checked = handle.git.newest_known(start), _checked(handle, prepare, records_of)

    def attempt(accept: Accept[Made] | None = None) -> Published[Made]:
        return create_branch(handle.git, branch, tip, checked, authorship=authorship, accept=accept)

    return notice_repeated(handle, attempt() if to is None else to.publish(branch, attempt))


def propose_records_again(
    handle: Handle,
    branch: str,
    prepare: Prepare[Made],
    *,
    start: Callable[[], str],
    expected: str | None,
    replaced: str,
    authorship: Authorship,
    unchanged: Conflict,
    to: "Destination | None" = None,
) -> Published[Made]:
    """Commits what `prepare` returns on the commit `start`, in place of a branch's commits up to `replaced`.

    With `to`, nothing changes here unless that remote takes the branch.  See `restart_branch`.
    """
    from regolo_git.git.restart_branch import restart_branch  # noqa: PLC0415 - few proposals are made again

    checked = _checked(handle, prepare, handle.records_at)

    def attempt(accept: Accept[Made] | None = None) -> Published[Made]:
        return restart_branch(
            handle.git,
            branch,
            start,
            checked,
            expected=expected,
            replaced=replaced,
            authorship=authorship,
            unchanged=unchanged,
            accept=accept,
        )

    return notice_repeated(handle, attempt() if to is None else to.publish(branch, attempt))


def propose_operations(
    handle: Handle, branch: str, prepare: Prepare[Made], to: "Destination | None" = None
) -> Published[Made]:
    """Commits what `prepare` returns to a new branch, from the tip of the operations branch.

    With `to`, nothing changes here unless that remote takes the branch.  Raises Conflict if it exists.
    """
    tip, checked = handle.operations_tip(), _checked(handle, prepare, operations_at(handle))

    def attempt(accept: Accept[Made] | None = None) -> Published[Made]:
        return create_branch(handle.git, branch, tip, checked, accept=accept)

    return notice_repeated(handle, attempt() if to is None else to.publish(branch, attempt))


def _notice_conversion(handle: Handle, paths: Iterable[str]) -> None:
    """Issues a notice if git would convert one of the records on the user's next `git add`."""
    for path, problem in converted_when_added(handle.git, paths).items():
        handle.notice_once(f"{problem} changes records, such as '{path}': {handle.step(Hint('doctor'))}")
        return


def _checked(
    handle: Handle, prepare: Prepare[Made], records_of: RecordsOf
) -> Callable[[str | None], NewCommit[Made]]:
    """`prepare` on the records of a tip; raises InvalidInput for a record that could not be read again."""

    def on_tip(tip: str | None) -> NewCommit[Made]:
        with handle.steady():
            new = prepare(records_of(tip))
        _notice_conversion(handle, new.files)
        check_readable(new.files)
        return new

    return on_tip


def notice_repeated(handle: Handle, published: Published[Made]) -> Published[Made]:
    """Issues a notice if an interrupted run of the same command published it."""
    if published.repeated:
        where = f"{short(published.commit)} on '{published.branch}'"
        handle.notice(f"an interrupted run of this command committed it as {where}; nothing was repeated")
    else:
        logs.info("committed %s on '%s'", short(published.commit), published.branch)
    return published


def action_message(given: str | None, default: str, action: str, trailers: Mapping[str, str | None]) -> str:
    """The commit message of a change: the given text or the default, then the trailers that have a value."""
    lines = [f"Regolo-Action: {action}"]
    lines += [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    return with_trailers((given or "").strip() or default, lines)
