"""Commits what is recorded of an existing model or version: its labels, evaluations and description."""

from dataclasses import dataclass
from typing import Generic

from regolo_git.git.new_commit import Made
from regolo_git.registry.change import Prepare, commit_records, propose_records
from regolo_git.registry.handle import Handle
from regolo_git.registry.push_at_once import destination


@dataclass(frozen=True, slots=True)
class Annotated(Generic[Made]):
    """An annotation that was committed: its commit and branch, and the remote that has it, if one does."""

    made: Made
    commit: str
    branch: str
    pushed_to: str | None = None


def commit_annotation(
    handle: Handle, prepare: Prepare[Made], model: str, *, proposal: str | None, push: bool | None
) -> Annotated[Made]:
    """Commits what `prepare` returns to the new branch `proposal`, or without one to the registry branch.

    Raises NotFound if this clone lacks the registry branch, Conflict, and as `destination` does for `push`.
    """
    if proposal is not None:
        handle.registry_tip()
        done = propose_records(handle, proposal, prepare, start=handle.registry_branch())
        return Annotated(done.made, done.commit, done.branch)
    to = destination(handle, push, model)
    done = commit_records(handle, prepare, to=to)
    return Annotated(done.made, done.commit, done.branch, to.remote if to is not None else None)
