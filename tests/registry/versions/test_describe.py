"""Which versions a commit is."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import NotFound, RegoloNotice
from regolo_git.registry.versions.describe import describe


def described(registry: Registry, revision: str) -> list[tuple[str, str, bool, bool]]:
    return [(v.model, v.version, v.exact, v.tagged) for v in describe(registry.handle, revision)]


@pytest.fixture
def top(registered: Registry) -> Path:
    registered.register_model("a", b"another")
    return registered.handle.paths.top


def test_a_version_is_exact_at_its_tag_and_in_force_later(registered: Registry, top: Path) -> None:
    assert described(registered, "m@v1.1") == [("m", "1.1", True, True)]
    assert described(registered, "HEAD") == [("a", "1.0", True, True), ("m", "1.1", False, True)]
    assert described(registered, "HEAD~2") == [("m", "1.0", True, True)]


def test_a_version_without_its_tag_is_in_force(registered: Registry, top: Path) -> None:
    git(top, "switch", "-qc", "topic")
    registered.create_model_version("m", model_data=b"three")
    assert described(registered, "topic") == [("a", "1.0", False, True), ("m", "1.2", False, False)]


def test_a_commit_without_models_is_none(registered: Registry, top: Path) -> None:
    assert described(registered, git(top, "rev-list", "--max-parents=0", "HEAD").strip()) == []


def test_what_is_not_a_revision_is_reported(registered: Registry, top: Path) -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        describe(registered.handle, "nowhere")


def test_a_manifest_that_cannot_be_read_is_named(registered: Registry, top: Path) -> None:
    commit_files(top, {"models/m/manifest.toml": "no TOML\n"})
    with pytest.warns(RegoloNotice, match=r"models/m/manifest\.toml"):
        assert described(registered, "HEAD") == [("a", "1.0", False, True)]
