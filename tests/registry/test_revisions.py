"""Models at any commit: branches, proposals, other clones' branches, and the work tree."""

import re
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, InvalidInput, NotFound, RegoloNotice
from regolo_git.records.revision_syntax import CommitRange
from regolo_git.registry.handle import Handle
from regolo_git.registry.revisions import changed_models, revision_at, revisions_of, version_at


@pytest.fixture
def proposed(registry: Registry, once: Once) -> Registry:
    """`m@1.0` on the branch, and `m@1.1` on `topic`."""

    def build() -> None:
        registry.register_model("m", b"one", metadata={"accuracy": 0.8})
        git(registry.handle.paths.top, "checkout", "-qb", "topic")
        registry.create_model_version("m", model_data=b"two", metadata={"accuracy": 0.9}, message="better")
        git(registry.handle.paths.top, "checkout", "-q", "main")

    once(build)
    return registry


@pytest.fixture
def handle(proposed: Registry) -> Handle:
    return proposed.handle


def test_a_proposal_is_a_version_without_a_tag(handle: Handle) -> None:
    version = version_at(handle, revision_at(handle, "topic"), "m")
    assert (version.version, version.tag, version.status, version.merged) == ("1.1", None, "proposed", False)
    assert (version.message, version.created_by) == ("better", "Ada Byron <ada@example.com>")
    assert version.metrics == {"accuracy": 0.9}
    assert version.commit == git(handle.paths.top, "rev-parse", "topic").strip()


def test_a_mixed_manifest_is_told_where_it_is_shown_and_compared(proposed: Registry) -> None:
    top = proposed.handle.paths.top
    git(top, "checkout", "-q", "topic")
    path = top / "models/m/manifest.toml"
    path.write_text(re.sub("sha256:[0-9a-f]{4}", "sha256:0000", path.read_text()))
    git(top, "commit", "-q", "--no-verify", "-a", "-m", "mixed")
    at = git(top, "rev-parse", "--short=10", "topic").strip()
    told = f"'m@1.1' at {at}: its seal is of other content"
    with pytest.warns(RegoloNotice, match=told):
        proposed.get_model_version("m", rev="topic")
    with Registry.open(top) as again, pytest.warns(RegoloNotice, match=told):
        again.compare_revisions("main", "topic")


def test_the_commit_is_the_one_that_brought_the_manifest(handle: Handle) -> None:
    top, before = handle.paths.top, git(handle.paths.top, "rev-parse", "topic").strip()
    git(top, "checkout", "-q", "topic")
    git(top, "commit", "-q", "--allow-empty", "-m", "more")
    assert version_at(handle, revision_at(handle, "HEAD"), "m").commit == before


def test_a_tagged_version_is_found_by_its_manifest(handle: Handle) -> None:
    version = version_at(handle, revision_at(handle, "topic~1"), "m")
    assert (version.tag, version.status) == ("m@v1.0", "ready")


def test_the_work_tree_has_what_is_not_committed(handle: Handle) -> None:
    tree = revision_at(handle, "")
    assert version_at(handle, tree, "m").tag == "m@v1.0"
    path = handle.paths.top / "models/m/manifest.toml"
    path.write_text(path.read_text().replace('version = "1.0"', 'version = "3.0"'))
    version = version_at(handle, revision_at(handle, ""), "m")
    assert (version.version, version.status, version.commit) == ("3.0", "not committed", "")
    assert tree.title == "the work tree"


def test_the_work_tree_of_a_proposal_has_the_commit_of_head(handle: Handle) -> None:
    git(handle.paths.top, "checkout", "-q", "topic")
    version = version_at(handle, revision_at(handle, ""), "m")
    assert (version.status, version.message) == ("proposed", "better")


def test_a_record_of_the_work_tree_is_not_read_through_a_link(handle: Handle, tmp_path: Path) -> None:
    elsewhere, path = tmp_path / "elsewhere", handle.paths.top / "models/m/manifest.toml"
    elsewhere.write_text("secret = 1\n")
    path.unlink()
    path.symlink_to(elsewhere)
    tree = revision_at(handle, "")
    assert tree.records.models() == []
    with pytest.raises(IntegrityError, match="is or is below a link"):
        version_at(handle, tree, "m")


def test_a_range_names_the_models_that_changed(proposed: Registry, handle: Handle) -> None:
    proposed.register_model("other", b"other")
    a, b = revisions_of(handle, CommitRange("main", "topic", from_common=False))
    assert changed_models(handle, a, b) == ["m", "other"]
    a, b = revisions_of(handle, CommitRange("main", "topic", from_common=True))
    assert changed_models(handle, a, b) == ["m"]
    assert changed_models(handle, b, revision_at(handle, "")) == ["m", "other"]


def test_a_model_that_a_commit_lacks_is_named_with_the_nearest(proposed: Registry, handle: Handle) -> None:
    proposed.register_model("models", b"other")
    with pytest.raises(NotFound, match="commit 'topic' has no model 'models'"):
        version_at(handle, revision_at(handle, "topic"), "models")
    with pytest.raises(NotFound) as caught:
        version_at(handle, revision_at(handle, "main"), "modles")
    assert str(caught.value.hint) == "git regolo show main:models"


def test_a_branch_of_origin_is_found_by_its_own_name(handle: Handle, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(handle.paths.top), "clone")
    with Registry.open(tmp_path / "clone") as clone:
        assert version_at(clone.handle, revision_at(clone.handle, "topic"), "m").version == "1.1"
        assert version_at(clone.handle, revision_at(clone.handle, "origin/topic"), "m").version == "1.1"


LACKING = [
    ("origin/gone", "git fetch origin gone:refs/remotes/origin/gone"),
    (
        "0123456789012345678901234567890123456789",
        "git fetch origin 0123456789012345678901234567890123456789",
    ),
    ("0123abcd", "git fetch --unshallow --tags"),
    ("HEAD~1", "git fetch --unshallow --tags"),
    ("pull/7/head", "git fetch origin pull/7/head   (and name FETCH_HEAD)"),
    ("mian", "did you mean main?"),
    ("--upload-pack=touch x", "git fetch --unshallow --tags"),
    ("$(id)\x1b[2J", "git fetch --unshallow --tags"),
]


def test_what_a_shallow_clone_lacks_is_an_error_with_the_fetch(proposed: Registry, tmp_path: Path) -> None:
    proposed.create_model_version("m", model_data=b"three")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{proposed.handle.paths.top}", "clone")
    with Registry.open(tmp_path / "clone") as clone:
        for revision, hint in LACKING:
            with pytest.raises(NotFound, match="there is no revision") as caught:
                revision_at(clone.handle, revision)
            assert str(caught.value.hint) == hint
            assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("revision", ["HEAD", "@", "HEAD~1"])
def test_before_the_first_commit_of_a_branch_there_is_nothing_to_name(handle: Handle, revision: str) -> None:
    git(handle.paths.top, "checkout", "-q", "--orphan", "alone")
    with pytest.raises(NotFound, match="there is no commit yet"):
        revision_at(handle, revision)


def test_histories_without_a_common_commit(handle: Handle) -> None:
    git(handle.paths.top, "checkout", "-q", "--orphan", "alone")
    git(handle.paths.top, "commit", "-qm", "alone")
    with pytest.raises(NotFound, match="no common commit"):
        revisions_of(handle, CommitRange("main", "alone", from_common=True))


def test_a_bare_repository_has_no_work_tree(handle: Handle, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(handle.paths.top), "bare.git")
    with Registry.open(tmp_path / "bare.git") as bare:
        assert version_at(bare.handle, revision_at(bare.handle, "topic"), "m").version == "1.1"
        with pytest.raises(InvalidInput, match="no work tree"):
            revision_at(bare.handle, "")


def test_an_id_of_a_file_is_not_a_commit(handle: Handle) -> None:
    blob = git(handle.paths.top, "rev-parse", "main:models/m/manifest.toml").strip()
    with pytest.raises(NotFound, match="there is no revision"):
        revision_at(handle, blob)
