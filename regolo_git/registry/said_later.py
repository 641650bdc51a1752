"""What is said of a model or a version that exists: committed to the registry branch, or proposed."""

from dataclasses import dataclass
from typing import Generic

from regolo_git.git.new_commit import Made
from regolo_git.registry.change import Prepare, commit_records, propose_records
from regolo_git.registry.handle import Handle
from regolo_git.registry.push_at_once import destination


@dataclass(frozen=True, slots=True)
class Recorded(Generic[Made]):
    """A commit on a branch with what it has, and the remote that has it already, if one does."""

    made: Made
    commit: str
    branch: str
    pushed_to: str | None = None


def record_later(
    handle: Handle, prepare: Prepare[Made], model: str, *, proposal: str | None, push: bool | None
) -> Recorded[Made]:
    """Commits what `prepare` returns: to the new branch `proposal`, or to the registry branch without one.

    Raises NotFound if this clone lacks the registry branch, Conflict, and as `destination` does for `push`.
    """
    if proposal is not None:
        handle.registry_tip()
        done = propose_records(handle, proposal, prepare, start=handle.registry_branch())
        return Recorded(done.made, done.commit, done.branch)
    to = destination(handle, push, model)
    done = commit_records(handle, prepare, to=to)
    return Recorded(done.made, done.commit, done.branch, to.remote if to is not None else None)
