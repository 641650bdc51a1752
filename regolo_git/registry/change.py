"""How the records of a registry change: prepared on what the branch says, and committed in one step.

Every verb that changes records goes through `commit_records`, or `propose_records` where the change waits for
a review.  What it prepares is prepared again when another writer was faster, so it looks at the records that
it is given and at nothing it saw before.
"""

from collections.abc import Callable, Mapping

from regolo_git.git.identity import Authorship
from regolo_git.git.new_commit import Made, NewCommit
from regolo_git.git.publish import Published, create_branch, publish
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt

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
    return publish(handle.git, target, lambda tip: prepare(handle.records_at(tip)), authorship=authorship)


def propose_records(
    handle: Handle, branch: str, prepare: Prepare[Made], *, authorship: Authorship | None = None
) -> Published[Made]:
    """Commits what `prepare` returns to a new branch, from the tip of the registry branch.

    Raises Conflict where the branch exists.
    """
    tip = handle.registry_tip()
    return create_branch(
        handle.git, branch, tip, lambda at: prepare(handle.records_at(at)), authorship=authorship
    )


def action_message(said: str | None, otherwise: str, action: str, trailers: Mapping[str, str | None]) -> str:
    """The message of a change: what was said, or `otherwise`; then the trailers that have a value."""
    lines = [f"Regolo-Action: {action}"]
    lines += [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    return ((said or "").strip() or otherwise) + "\n\n" + "\n".join(lines) + "\n"
