"""Endpoints that do not serve the version of the environment that they follow, for output."""

from collections.abc import Iterable

from regolo_git.cli.forms import Json
from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.registry.endpoints.deployed import Deployed


def deployed_document(found: Deployed) -> dict[str, Json]:
    """An endpoint beside its environment as a JSON document."""
    return {
        "endpoint": found.name,
        "environment": found.environment,
        "environment_version": found.promoted,
        "traffic": dict(found.traffic),
        "agrees": found.agrees,
        "rolled_back_from": found.rolled_back_from,
        "state": found.state,
    }


def talk_of_differences(followers: Iterable[Deployed]) -> None:
    """Names the endpoints that differ from their environment, each with the command that ends it."""
    for found in followers:
        if found.remark is not None:
            talk_note(found.remark)
            if found.next_step is not None:
                talk_next(str(found.next_step))
