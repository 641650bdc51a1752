"""Endpoints that do not serve the version of the environment that they follow, for output."""

from collections.abc import Iterable

from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.registry.endpoints.deployed import Deployed


def talk_of_differences(followers: Iterable[Deployed]) -> None:
    """Names the endpoints that differ from their environment, each with the command that ends it."""
    for found in followers:
        if found.remark is not None:
            talk_note(found.remark)
            if found.next_step is not None:
                talk_next(str(found.next_step))
