"""All traffic goes back to a good version, by a forward commit."""

import pytest
from support.git_program import git
from support.local_store import delete_recipe

from regolo_git.api import Registry
from regolo_git.errors import NotFound


def test_a_rollback_goes_to_the_last_good_version_by_a_forward_commit(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    registered.update_endpoint_traffic("e", {"1.0": 0.9, "1.1": 0.1})
    before = int(git(registered.handle.paths.top, "rev-list", "--count", "HEAD"))
    assert registered.rollback_endpoint("e").traffic == {"1.0": 1.0}
    assert int(git(registered.handle.paths.top, "rev-list", "--count", "HEAD")) == before + 1
    actions = [event.action for event in registered.get_endpoint_history("e")]
    assert actions == ["rollback", "traffic", "create-endpoint"]


def test_a_rollback_to_bytes_that_are_gone_is_refused(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.1")
    delete_recipe(registered.handle.store, registered.get_model_version("m", "1.0").manifest.artifact.recipe)
    with pytest.raises(NotFound):
        registered.rollback_endpoint("e", "1.0")
