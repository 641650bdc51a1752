"""The versions in a range, and those in the history of a commit."""

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import NotFound
from regolo_git.records.revision_syntax import parse_target
from regolo_git.registry.revision_versions import versions_in


@pytest.fixture
def proposed(registry: Registry, once: Once) -> Registry:
    """1.0 and 1.1 on `main`; on `topic`, which left it after 1.0, two versions without a tag."""
    top = registry.handle.paths.top

    def build() -> None:
        registry.register_model("m", b"one")
        git(top, "branch", "topic")
        registry.create_model_version("m", model_data=b"two")
        git(top, "checkout", "-q", "topic")
        registry.create_model_version("m", "2.0", model_data=b"three")
        registry.create_model_version("m", "2.1", model_data=b"four")
        git(top, "checkout", "-q", "main")

    once(build)
    return registry


def found(registry: Registry, text: str) -> list[tuple[str, str | None]]:
    target = parse_target(text, lambda model: model == "m")
    return [(version.version, version.tag) for version in versions_in(registry.handle, target)]


def test_a_range_of_versions_has_those_after_the_first(proposed: Registry) -> None:
    assert found(proposed, "m@1.0..1.1") == [("1.1", "m@v1.1")]
    assert found(proposed, "m@1.0..latest") == [("1.1", "m@v1.1")]
    assert found(proposed, "m@1.1..1.0") == []


def test_the_history_of_a_commit_has_its_versions_without_a_tag_too(proposed: Registry) -> None:
    assert found(proposed, "topic:m") == [("1.0", "m@v1.0"), ("2.0", None), ("2.1", None)]
    assert found(proposed, "main:m") == [("1.0", "m@v1.0"), ("1.1", "m@v1.1")]
    assert found(proposed, "main~1:m") == [("1.0", "m@v1.0")]
    assert found(proposed, ":m")[-1] == ("1.1", "m@v1.1")
    with pytest.raises(NotFound, match="no version of 'n' is in the history of main"):
        found(proposed, "main:n")


def test_a_range_of_commits_has_what_they_brought(proposed: Registry) -> None:
    assert found(proposed, "main..topic") == [("2.0", None), ("2.1", None)]
    assert found(proposed, "topic..main") == [("1.1", "m@v1.1")]


def test_a_version_tagged_elsewhere_is_not_in_another_history(proposed: Registry) -> None:
    git(proposed.handle.paths.top, "checkout", "-q", "topic")
    proposed.create_model_version("m", "3.0", model_data=b"five", flow="direct")
    assert ("3.0", "m@v3.0") not in found(proposed, "main:m")
    assert found(proposed, "topic:m")[1] == ("3.0", "m@v3.0")
