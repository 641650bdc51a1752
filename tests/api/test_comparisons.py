"""Comparisons in Python: versions, commits, proposals and the work tree."""

import pytest
from support.copies import Once
from support.git_program import git
from support.registry_fixtures import Weights

from regolo_git.api import Registry
from regolo_git.errors import NotFound


@pytest.fixture
def proposed(registry: Registry, weights: Weights, once: Once) -> Registry:

    def build() -> None:
        registry.register_model("m", weights(fill=1), metadata={"accuracy": 0.8})
        git(registry.handle.paths.top, "checkout", "-qb", "topic")
        registry.create_model_version("m", model_data=weights(fill=2), metadata={"accuracy": 0.9})
        git(registry.handle.paths.top, "checkout", "-q", "main")

    once(build)
    return registry


def test_a_revision_stands_in_place_of_a_version(proposed: Registry) -> None:
    assert proposed.get_model_version("m", rev="topic").version == "1.1"
    assert proposed.get_model_version("m", "1.1", rev="topic").tag is None
    with pytest.raises(NotFound, match=r"'topic' has 'm@1\.1', not 'm@1\.0'"):
        proposed.get_model_version("m", "1.0", rev="topic")
    compared = proposed.compare_model_versions("m", "1.0", rev_b="topic")
    assert compared.metrics["accuracy"]["b"] == 0.9
    assert compared.suggested_bump == "minor"
    assert proposed.compare_model_versions("m", rev_a="main", rev_b="topic") == compared


def test_two_commits_are_compared(proposed: Registry) -> None:
    found = proposed.compare_revisions("main", "topic")
    assert [changes.model_id for changes in found.changed] == ["m"]
    assert proposed.compare_revisions("topic", "topic").changed == ()


def test_the_empty_revision_is_the_work_tree(proposed: Registry) -> None:
    # The file of 1.1 is still there.
    version = proposed.get_model_version("m", rev="")
    assert (version.status, version.metrics) == ("not committed", {})
    assert proposed.compare_model_versions("m", "1.0", rev_b="").version_b == "1.0 (work tree)"


def test_each_side_is_a_version_or_a_revision(proposed: Registry) -> None:
    for arguments in ({"rev_a": "main"}, {"version_a": "1.0", "rev_a": "main", "rev_b": "topic"}):
        with pytest.raises(TypeError, match="give either version_"):
            proposed.compare_model_versions("m", **arguments)


def test_the_history_of_a_revision_has_versions_without_a_tag(proposed: Registry) -> None:
    assert [version.version for version in proposed.list_model_versions("m")] == ["1.0"]
    found = proposed.list_model_versions("m", rev="topic")
    assert [(version.version, version.tag) for version in found] == [("1.0", "m@v1.0"), ("1.1", None)]
