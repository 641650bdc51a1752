"""Taking a version out of an environment, by a commit on the operations branch that deletes the promotion.

The endpoints that follow the environment keep what they serve: an endpoint must serve something.
"""

from dataclasses import dataclass

from regolo_git.errors import Conflict, IntegrityError, NewerFormat, NotFound
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.branches import operation_branch
from regolo_git.records.environment import Promotion
from regolo_git.records.names import check_environment_name, check_model_name
from regolo_git.records.paths import environment_path
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.branch_events import PROPOSED
from regolo_git.registry.change import action_message, change_operations, recover_first
from regolo_git.registry.endpoints.deployed import Deployed, deployed
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.nearest import nearest


@dataclass(frozen=True, slots=True)
class Demoted:
    """A demotion that was just committed: to the operations branch, or to `branch` for review.

    `promotion` is what was there; None if it could not be read.  `followers` keep what they serve.
    `pushed_to` is the remote that has the commit already.
    """

    promotion: Promotion | None
    commit: str
    branch: str
    followers: tuple[Deployed, ...]
    pushed_to: str | None = None


def demote(
    handle: Handle,
    model: str,
    environment: str,
    *,
    version: str | None = None,
    message: str | None = None,
    propose: bool = False,
    push: bool | None = None,
) -> Demoted:
    """Takes the version of a model out of an environment.

    Raises NotFound if none is there, Conflict if it is not `version`, InvalidInput, NewerFormat for a
    promotion of a newer release.
    """
    check_model_name(model)
    check_environment_name(environment)
    recover_first(handle)
    to = destination(handle, push, model)
    held = _promotion(handle, handle.records(), model, environment)
    named = held.version if held is not None else "unknown"
    branch = operation_branch(model, named, f"demote/{environment}") if propose else None

    def prepare(records: RecordsAt) -> NewCommit[Promotion | None]:
        before = _promotion(handle, records, model, environment)
        if version is not None and (
            before is None or Version.parse(before.version) != Version.parse(version)
        ):
            there = f"'{before.reference}' is" if before is not None else "an unreadable promotion is"
            raise Conflict(f"{there} in '{environment}', not '{version_reference(model, version)}'")
        text = action_message(
            message,
            f"demote {before.reference if before is not None else model} from {environment}",
            "demote",
            {
                "Regolo-Environment": environment,
                "Regolo-From": before.reference if before is not None else None,
                PROPOSED: branch,
            },
        )
        return NewCommit({environment_path(environment, model): None}, text, before)

    done = change_operations(handle, prepare, to, proposed=branch)
    remote = to.remote if to is not None else None
    return Demoted(done.made, done.commit, done.branch, _followers(handle, model, environment), remote)


def _promotion(handle: Handle, records: RecordsAt, model: str, environment: str) -> Promotion | None:
    """The promotion to remove; None if it cannot be read.  Raises NotFound, NewerFormat."""
    try:
        found = records.promotion(environment, model)
    except NewerFormat:
        raise
    except IntegrityError:
        return None
    if found is None:
        raise _not_there(handle, records, model, environment)
    return found


def _not_there(handle: Handle, records: RecordsAt, model: str, environment: str) -> NotFound:
    model_rows(handle, model)  # raises a clearer error if there is no such model
    places = [promotion.environment for promotion in records.promotions().records if promotion.model == model]
    close = nearest(environment, places)
    hint = Hint("demote", model, close) if close else Hint("history", model)
    return NotFound(f"no version of '{model}' is promoted to '{environment}'", hint)


def _followers(handle: Handle, model: str, environment: str) -> tuple[Deployed, ...]:
    endpoints = handle.readable(handle.records().endpoints())
    return tuple(deployed(e, None) for e in endpoints if (e.model, e.environment) == (model, environment))
