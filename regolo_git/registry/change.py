"""Changing a registry's records: prepare on the tip of a branch, then commit in one step.

Every verb that changes records goes through `commit_records`, or through `propose_records` if the change
needs a review.  `prepare` runs again when another writer committed first, so it must depend only on the
records that it is given.  Every record is read back before anything is written.
"""

from collections.abc import Callable, Mapping

from regolo_git.git.identity import Authorship
from regolo_git.git.new_commit import Made, NewCommit
from regolo_git.git.publish import Published, create_branch, publish
from regolo_git.records.commit_message import with_trailers
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt, check_readable

Prepare = Callable[[RecordsAt], NewCommit[Made]]


def commit_records(
    handle: Handle,
    prepare: Prepare[Made],
    *,
    branch: str | None = None,
    authorship: Authorship | None = None,
) -> Published[Made]:
    """Commits what `prepare` returns to the registry branch, or to another one; see `publish`."""
    target = branch or handle.registry_branch()
    return publish(handle.git, target, _checked(handle, prepare), authorship=authorship)


def propose_records(
    handle: Handle, branch: str, prepare: Prepare[Made], *, authorship: Authorship | None = None
) -> Published[Made]:
    """Commits what `prepare` returns to a new branch, from the tip of the registry branch.

    Raises Conflict if the branch exists.
    """
    tip = handle.registry_tip()
    return create_branch(handle.git, branch, tip, _checked(handle, prepare), authorship=authorship)


def _checked(handle: Handle, prepare: Prepare[Made]) -> Callable[[str | None], NewCommit[Made]]:
    """`prepare` on a commit; raises InvalidInput for a record that could not be read again."""

    def on_tip(tip: str | None) -> NewCommit[Made]:
        new = prepare(handle.records_at(tip))
        check_readable(new.files)
        return new

    return on_tip


def action_message(given: str | None, default: str, action: str, trailers: Mapping[str, str | None]) -> str:
    """The commit message of a change: the given text or the default, then the trailers that have a value."""
    lines = [f"Regolo-Action: {action}"]
    lines += [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    return with_trailers((given or "").strip() or default, lines)
