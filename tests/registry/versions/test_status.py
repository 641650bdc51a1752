"""The work tree against the manifests of the checked-out commit."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.artifacts.source import exclusion
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


def state_of(registry: Registry, model: str) -> str:
    return next(a.state for a in work_status(registry.handle).artifacts if a.model == model)


def test_files_that_are_left_out_modify_nothing_and_stay(two_versions: Registry) -> None:
    place = two_versions.handle.paths.top / "bert"
    place.mkdir()
    for name in ("config.json", "train.log", ".DS_Store"):
        (place / name).write_text(name)
    with pytest.warns(RegoloNotice, match=r"left out '\.DS_Store', 'train\.log'"):
        two_versions.register_model("bert", place, exclude="*.log")
    two_versions.handle.cache.close()
    assert state_of(two_versions, "bert") == "unchanged"
    (place / "train.log").write_text("more")
    (place / "__pycache__").mkdir()
    (place / "__pycache__" / "m.pyc").write_text("x")
    assert state_of(two_versions, "bert") == "unchanged"
    (place / "config.json").write_text("{}")
    with pytest.warns(RegoloNotice, match="left out"):
        two_versions.create_model_version("bert", model_data=place, exclude=["*.log"])
    two_versions.checkout_model_version("bert", "1.0")
    assert sorted(path.name for path in place.iterdir()) == [
        ".DS_Store",
        "__pycache__",
        "config.json",
        "train.log",
    ]
    (place / "new.json").write_text("{}")
    assert state_of(two_versions, "bert") == "modified"


@pytest.mark.parametrize("count", [1, 300])
def test_a_version_keeps_the_files_that_are_left_out_today(
    two_versions: Registry, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """As the first release stored them; the manifest lists them, or with many files the recipe."""
    place = two_versions.handle.paths.top / "bert"
    (place / "__pycache__").mkdir(parents=True)
    for name in (".DS_Store", "__pycache__/m.pyc", *(f"f{number}" for number in range(count))):
        (place / name).write_text(name)
    with monkeypatch.context() as patch:
        patch.setattr(exclusion, "INSIDE", ())
        two_versions.register_model("bert", place)
    assert state_of(two_versions, "bert") == "unchanged"
    (place / "__pycache__" / "new.pyc").write_text("not part of it")
    assert state_of(two_versions, "bert") == "unchanged"
    (place / ".DS_Store").write_text("changed")
    assert state_of(two_versions, "bert") == "modified"


def test_before_the_first_commit_there_is_nothing(two_versions: Registry) -> None:
    git(two_versions.handle.paths.top, "switch", "-q", "--orphan", "empty")
    status = work_status(two_versions.handle)
    assert (status.branch, status.head, status.artifacts) == ("empty", None, ())


def test_a_manifest_that_cannot_be_read_is_named_and_the_others_are_compared(two_versions: Registry) -> None:
    commit_files(two_versions.handle.paths.top, {"models/a/manifest.toml": "no TOML\n"})
    with pytest.warns(RegoloNotice, match=r"models/a/manifest\.toml"):
        (artifact,) = work_status(two_versions.handle).artifacts
    assert artifact.state == "unchanged"
