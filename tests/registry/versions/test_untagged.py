"""The versions on the branch that have no tag, walked once and then only where the branch is new."""

import json
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions import untagged
from regolo_git.registry.versions.untagged import untagged_changes


def found(registry: Registry) -> list[tuple[str, str]]:
    with Registry.open(registry.handle.paths.top) as opened:
        tip = opened.handle.registry_tip()
        assert tip is not None
        return [(change.model, change.version) for change in untagged_changes(opened.handle, tip)]


@pytest.fixture
def remembering(registered: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry whose walks of more than one commit are long ones."""
    monkeypatch.setattr(untagged, "SHORT", 1)
    return registered


def cache(registry: Registry) -> Path:
    return registry.handle.local_directory / "untagged.json"


def test_every_version_without_a_tag_is_found_oldest_first(registered: Registry) -> None:
    assert found(registered) == []
    git(registered.handle.paths.top, "tag", "-d", "m@v1.0", "m@v1.1")
    assert found(registered) == [("m", "1.0"), ("m", "1.1")]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("options", [(), ("-a", "-m", "by hand")], ids=["lightweight", "annotated"])
def test_a_version_whose_tag_was_moved_is_found(
    remembering: Registry, options: tuple[str, ...], packed: bool
) -> None:
    top = remembering.handle.paths.top
    if packed:
        git(top, "pack-refs", "--all")
    assert found(remembering) == []
    git(top, "tag", "-f", *options, "m@v1.0", "HEAD")
    assert found(remembering) == [("m", "1.0")]


def test_packed_tags_are_no_loss(remembering: Registry) -> None:
    top = remembering.handle.paths.top
    assert found(remembering) == []
    before = remembering.handle.index.losses()
    for command in (["pack-refs", "--all"], ["tag", "other"], ["gc", "-q"]):
        git(top, *command)
        assert remembering.handle.index.losses() == before


def test_each_walk_is_remembered_and_only_new_commits_are_walked(
    remembering: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[list[str]] = []
    changes = untagged._changes

    def counting(handle: Handle, tip: str, commits: list[str]) -> list[untagged.UntaggedChange]:
        walked.append(commits)
        return changes(handle, tip, commits)

    monkeypatch.setattr(untagged, "_changes", counting)
    top = remembering.handle.paths.top
    tips = []
    for number in range(3):
        assert found(remembering) == []
        tips.insert(0, git(top, "rev-parse", "main").strip())
        assert list(json.loads(cache(remembering).read_text())["found"])[: number + 1] == tips
        if number:
            assert walked[-1] == tips[:1]
        remembering.create_model_version("m", model_data=f"more {number}".encode())
    before = cache(remembering).stat()
    assert found(remembering) == []
    assert found(remembering) == []
    assert walked[-1] == []
    assert cache(remembering).stat().st_ino != before.st_ino


def test_a_tag_that_disappears_later_is_missed(remembering: Registry) -> None:
    assert found(remembering) == []
    git(remembering.handle.paths.top, "tag", "-d", "m@v1.0")
    assert found(remembering) == [("m", "1.0")]
    (remembering.handle.local_directory / "index.sqlite").unlink()
    assert found(remembering) == [("m", "1.0")]


def test_a_tag_that_comes_later_is_not_missed(remembering: Registry) -> None:
    top = remembering.handle.paths.top
    tag = git(top, "rev-parse", "m@v1.0").strip()
    git(top, "tag", "-d", "m@v1.0")
    assert found(remembering) == [("m", "1.0")]
    git(top, "update-ref", "refs/tags/m@v1.0", tag)
    assert found(remembering) == []


def test_a_commit_with_a_tag_and_another_version_is_read(remembering: Registry) -> None:
    top = remembering.handle.paths.top
    git(top, "switch", "-qc", "topic")
    remembering.register_model("n", b"one")
    remembering.register_model("o", b"one")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--squash", "topic")
    git(top, "commit", "-qm", "two models at once")
    with Registry.open(top) as opened:
        from regolo_git.registry.versions.merged import tag_merged

        assert [version.tag for version in tag_merged(opened.handle)] == ["n@v1.0", "o@v1.0"]
    git(top, "tag", "-d", "n@v1.0")
    assert found(remembering) == [("n", "1.0")]


def test_a_branch_that_was_rewound_is_walked_again(remembering: Registry) -> None:
    top = remembering.handle.paths.top
    assert found(remembering) == []
    git(top, "reset", "-q", "--hard", "HEAD~1")
    git(top, "commit", "-q", "--allow-empty", "-m", "another")
    assert found(remembering) == []


@pytest.mark.parametrize("content", ["", "[]", '{"losses": 3}', '{"losses": "", "found": {"x": [1]}}'])
def test_a_damaged_file_is_walked_around(remembering: Registry, content: str) -> None:
    found(remembering)
    losses = json.loads(cache(remembering).read_text())["losses"]
    cache(remembering).write_text(content.replace('""', f'"{losses}"'))
    git(remembering.handle.paths.top, "tag", "-d", "m@v1.1")
    assert found(remembering) == [("m", "1.1")]
