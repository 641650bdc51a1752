"""A deleted endpoint leaves its history."""

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import NewerFormat, NotFound
from regolo_git.hints import Corrected, Hint


def test_a_deleted_endpoint_keeps_its_history(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    registered.delete_endpoint("e")
    assert registered.list_endpoints() == []
    with pytest.raises(NotFound):
        registered.get_endpoint("e")
    assert [event.action for event in registered.get_endpoint_history("e")] == [
        "delete-endpoint",
        "create-endpoint",
    ]


def test_a_broken_endpoint_can_be_deleted_and_one_of_a_newer_release_cannot(registered: Registry) -> None:
    top = registered.handle.paths.top
    for name in ("broken", "newer"):
        registered.create_endpoint(name, "m", "1.0")
    commit_files(top, {"endpoints/broken.toml": "no TOML\n", "endpoints/newer.toml": "format = 2\n"})
    registered.delete_endpoint("broken", message="it was broken")
    assert not (top / "endpoints/broken.toml").exists()
    said = git(top, "log", "-1", "--format=%B").strip()
    assert said == "it was broken\n\nRegolo-Action: delete-endpoint\nRegolo-Endpoint: broken"
    with pytest.raises(NewerFormat):
        registered.delete_endpoint("newer")


def test_an_endpoint_that_is_not_there_cannot_be_deleted(registered: Registry) -> None:
    registered.create_endpoint("reviews", "m", "1.0")
    with pytest.raises(NotFound) as caught:
        registered.delete_endpoint("review")
    assert caught.value.hint == Corrected("review", "reviews", Hint("endpoint show", "reviews"))
