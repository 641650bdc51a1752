"""doctor repairs what a killed run left and names what it will not touch."""

import os
import time
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git, proposal
from support.model_files import write_model

from regolo_git.git.discover import find_repository
from regolo_git.git.journal import Journal, write_journal


def findings(regolo: Regolo, *arguments: str) -> list[tuple[str, str]]:
    return [(found["kind"], found["what"]) for found in regolo("doctor", "--json", *arguments).document]


def aged(path: Path, seconds: float = 7200) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def stop_in_the_middle(top: Path) -> None:
    """The state between tag and branch: the tag of 1.1 is there, the branch is still at 1.0."""
    new, old = (git(top, "rev-parse", name).strip() for name in ("HEAD", "HEAD~1"))
    tag = git(top, "rev-parse", "m@v1.1").strip()
    git(top, "reset", "-q", "--hard", "HEAD~1")
    journal = Journal("refs/heads/main", old, new, "refs/tags/m@v1.1", tag, (), (), ())
    write_journal(find_repository(top, {}), journal)


def test_a_sound_registry_needs_nothing(regolo: Regolo, two_versions: Path) -> None:
    outcome = regolo("doctor")
    assert (outcome.out, outcome.err) == ("", "nothing to repair\n")
    assert regolo("doctor", "--json").document == []


def test_a_publication_that_stopped_is_finished(regolo: Regolo, two_versions: Path) -> None:
    head = git(two_versions, "rev-parse", "HEAD")
    stop_in_the_middle(two_versions)
    assert ("to repair", "interrupted update of 'refs/heads/main'") in findings(regolo, "-n")
    assert (
        "repaired",
        f"finished an interrupted update: 'refs/heads/main' is now at {head[:10]}",
    ) in findings(regolo)
    assert git(two_versions, "rev-parse", "HEAD") == head
    regolo("fsck", "--full")


def test_temporary_files_of_ours_are_removed(regolo: Regolo, two_versions: Path) -> None:
    ours = two_versions / ".git" / "regolo"
    left = [aged(ours / "store" / "tmp" / "1-00"), aged(ours / ".statuses.json.x1y2")]
    assert [kind for kind, _ in findings(regolo, "--dry-run")] == ["to repair", "to repair"]
    assert all(path.exists() for path in left)
    assert [kind for kind, _ in findings(regolo)] == ["repaired", "repaired"]
    assert not any(path.exists() for path in left)


def test_the_directory_of_a_killed_checkout_is_removed(regolo: Regolo, two_versions: Path) -> None:
    from regolo_git.artifacts.source.walk import STAGING_PREFIX

    staging = two_versions / f"{STAGING_PREFIX}00ff"
    (staging / "files").mkdir(parents=True)
    os.utime(staging, (time.time() - 7200,) * 2)
    ((kind, what),) = findings(regolo)
    assert kind == "repaired"
    assert staging.name in what
    assert not staging.exists()


def test_a_temporary_note_of_a_path_is_removed(regolo: Regolo, two_versions: Path) -> None:
    note = aged(two_versions / ".git" / "regolo" / "held" / ".abc.x1y2")
    assert str(note) in regolo("doctor").out
    assert not note.exists()


def test_a_young_temporary_file_may_have_a_living_writer(regolo: Regolo, two_versions: Path) -> None:
    young = aged(two_versions / ".git" / "regolo" / ".statuses.json.x1y2", seconds=0)
    assert findings(regolo) == []
    assert young.exists()


def test_locks_of_others_are_named_and_left(regolo: Regolo, two_versions: Path) -> None:
    lock = aged(two_versions / ".git" / "refs" / "tags" / "m@v1.2.lock", seconds=60)
    outcome = regolo("doctor")
    assert outcome.out.startswith("left       lock file")
    assert f"rm '{lock}'" in outcome.out
    assert lock.exists()


def test_a_merged_version_without_a_tag_is_named(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", proposal(two_versions, "m@1.2"))
    assert regolo("doctor", "--plain").out == (
        "left\t'm@1.2' is merged but not tagged\tgit regolo tag --merged\n"
    )
    assert "m@v1.2" not in git(two_versions, "tag", "--list")


def test_a_tag_that_is_not_on_the_branch_is_named(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "reset", "-q", "--hard", "HEAD~1")
    assert findings(regolo) == [("left", "tag 'm@v1.1' is not on branch 'main'")]


def test_limits_of_this_clone_are_reported(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = clone(two_versions, tmp_path / "clone", "--depth=1")
    git(shallow, "checkout", "-q", "--detach")
    monkeypatch.chdir(shallow)
    limits = [what for kind, what in findings(regolo) if kind == "limit"]
    assert any("shallow" in what for what in limits)
    assert any("detached" in what for what in limits)


@pytest.mark.parametrize("path", [".regolo/config.toml", "models/m/manifest.toml"])
def test_a_record_that_cannot_be_read_is_named_beside_all_else(
    regolo: Regolo, two_versions: Path, path: str
) -> None:
    (two_versions / path).write_text("no TOML\n")
    git(two_versions, "commit", "-qam", "broken")
    aged(two_versions / ".git" / "regolo" / "store" / "tmp" / "1-00")
    aged(two_versions / ".git" / "index.lock")
    said = findings(regolo)
    assert [kind for kind, _ in said] == ["repaired", *["left"] * (len(said) - 1)]
    assert any("is not valid TOML" in what for _, what in said)
    assert any("index.lock" in what for _, what in said)
    assert len({what for _, what in said}) == len(said)
    if path.startswith("models"):
        assert any(what.startswith(f"'{path}': ") for _, what in said)
