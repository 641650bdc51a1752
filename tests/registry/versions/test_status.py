"""The work tree against the manifests of the checked-out commit."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, RegoloNotice
from regolo_git.registry.versions.status import work_status


def test_the_work_tree_is_held_against_the_manifests(two_versions: Registry) -> None:
    def state() -> str:
        (artifact,) = work_status(two_versions.handle).artifacts
        return artifact.state

    path = two_versions.handle.paths.top / "model.safetensors"
    assert state() == "unchanged"
    path.write_bytes(b"other")
    assert state() == "modified"
    path.unlink()
    assert state() == "missing"


def test_a_file_of_another_version_is_said_to_be_that(two_versions: Registry, tmp_path: Path) -> None:
    first = two_versions.checkout_model_version("m", "1.0", tmp_path / "first").read_bytes()
    (two_versions.handle.paths.top / "model.safetensors").write_bytes(first)
    (artifact,) = work_status(two_versions.handle).artifacts
    assert (artifact.reference, artifact.state, artifact.holds) == ("m@1.1", "modified", "1.0")


def test_data_without_a_path_has_none(registered: Registry) -> None:
    (artifact,) = work_status(registered.handle).artifacts
    assert (artifact.state, artifact.path, artifact.tagged) == ("no path", None, True)


def test_a_link_that_leads_nowhere_is_not_missing(two_versions: Registry) -> None:
    path = two_versions.handle.paths.top / "model.safetensors"
    path.unlink()
    path.symlink_to("nowhere")
    with pytest.raises(InvalidInput, match="broken symbolic link"):
        work_status(two_versions.handle)


def test_where_one_stands_is_told(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "topic")
    two_versions.create_model_version("m", model_data=b"three")
    status = work_status(two_versions.handle)
    assert (status.branch, status.registry_branch) == ("topic", "main")
    assert status.head == git(top, "rev-parse", "HEAD").strip()
    assert [(artifact.version, artifact.tagged) for artifact in status.artifacts] == [("1.2", False)]
    git(top, "switch", "-q", "--detach")
    assert work_status(two_versions.handle).branch is None


def test_before_the_first_commit_there_is_nothing(two_versions: Registry) -> None:
    git(two_versions.handle.paths.top, "switch", "-q", "--orphan", "empty")
    status = work_status(two_versions.handle)
    assert (status.branch, status.head, status.artifacts) == ("empty", None, ())


def test_a_manifest_that_cannot_be_read_is_named_and_the_others_are_compared(two_versions: Registry) -> None:
    commit_files(two_versions.handle.paths.top, {"models/a/manifest.toml": "no TOML\n"})
    with pytest.warns(RegoloNotice, match=r"models/a/manifest\.toml"):
        (artifact,) = work_status(two_versions.handle).artifacts
    assert artifact.state == "unchanged"
