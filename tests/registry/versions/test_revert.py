"""An older version becomes the current one again, by a new commit."""

import pytest
from support.git_program import git
from support.local_store import delete_recipe

from regolo_git.api import Registry
from regolo_git.errors import Conflict, NotFound, PolicyRefused


def test_reverting_is_a_forward_commit(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    before = int(git(top, "rev-list", "--count", "HEAD"))
    two_versions.rollback_model("m", "1.0")
    assert int(git(top, "rev-list", "--count", "HEAD")) == before + 1
    assert 'version = "1.0"' in git(top, "show", "HEAD:models/m/manifest.toml")
    assert git(top, "tag", "--list").split() == ["m@v1.0", "m@v1.1"]
    with pytest.raises(Conflict):
        two_versions.rollback_model("m", "1.0")


def test_after_reverting_the_next_version_follows_the_highest(two_versions: Registry) -> None:
    two_versions.rollback_model("m", "1.0")
    version = two_versions.create_model_version("m", model_data=b"three")
    assert (version.version, version.parents) == ("1.2", ("1.0",))


def test_a_retired_version_or_one_without_bytes_is_not_gone_back_to(registered: Registry) -> None:
    registered.create_model_version("m", model_data=b"three")
    registered.delete_model_version("m", "1.0", reason="wrong data")
    with pytest.raises(PolicyRefused, match="is retired"):
        registered.rollback_model("m", "1.0")
    recipe = registered.get_model_version("m", "1.1").manifest.artifact.recipe
    delete_recipe(registered.handle.store, recipe)
    with pytest.raises(NotFound, match=r"bytes of 'm@1\.1'"):
        registered.rollback_model("m", "1.1")


def test_what_is_said_is_the_message(registered: Registry) -> None:
    top = registered.handle.paths.top
    registered.rollback_model("m", "1.0")
    action = "\n\nRegolo-Action: revert"
    assert git(top, "log", "-1", "--format=%B").strip() == f"revert m to 1.0{action}"
    registered.rollback_model("m", "1.1", message="it was not so bad")
    assert git(top, "log", "-1", "--format=%B").strip() == f"it was not so bad{action}"


def test_it_is_a_commit_on_the_branch_that_is_checked_out(registered: Registry) -> None:
    top = registered.handle.paths.top
    main = git(top, "rev-parse", "main")
    git(top, "switch", "-qc", "topic")
    registered.rollback_model("m", "1.0")
    assert git(top, "rev-parse", "main") == main
    assert git(top, "rev-parse", "topic^") == main
