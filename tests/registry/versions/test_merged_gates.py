"""The tag of a merged version records what the gates said: by the rules before it, and the same in every clone."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.records.trailers import TagMessage
from regolo_git.registry.versions.merged import MergedVersion, tag_merged

CARD = "models/m/model.toml"
GATES = "[gates.accuracy]\nmax_drop = 0.005\n[gates.fairness]\nmax = 1\n"


def add(top: Path, path: str, text: str) -> None:
    commit_files(top, {path: (top / path).read_text() + text})


@pytest.fixture
def gated(registry: Registry, once: Once) -> Path:
    """Version 1.0 whose accuracy is 0.92, and gates on main."""

    def build() -> None:
        registry.register_model("m", b"one", metadata={"accuracy": 0.92})
        add(registry.handle.paths.top, CARD, GATES)

    once(build)
    return registry.handle.paths.top


def propose(top: Path, accuracy: float, data: bytes = b"two") -> None:
    git(top, "switch", "-qc", "topic")
    with Registry.open(top) as registry:
        registry.create_model_version("m", model_data=data, metadata={"accuracy": accuracy})


def merge(top: Path, *how: str) -> None:
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", *(how or ("--no-ff",)), "topic")
    if how == ("--squash",):
        git(top, "commit", "-qm", "squashed")


def tagged(top: Path) -> list[MergedVersion]:
    with Registry.open(top) as registry:
        return tag_merged(registry.handle)


def trailer(top: Path, tag: str) -> str | None:
    message = TagMessage.parse(git(top, "for-each-ref", "--format=%(contents)", f"refs/tags/{tag}"))
    assert message is not None
    return message.gates


def test_a_version_that_fails_is_tagged_and_its_tag_says_so(gated: Path) -> None:
    propose(gated, 0.9)
    merge(gated)
    (done,) = tagged(gated)
    assert (done.tag, done.problem) == ("m@v1.1", None)
    assert [(result.name, result.state) for result in done.gates] == [
        ("accuracy", "fail"),
        ("fairness", "open"),
    ]
    assert trailer(gated, "m@v1.1") == "fail (accuracy fail, fairness open)"


def test_without_gates_a_tag_says_nothing_of_them(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    propose(top, 0.9, b"three")
    merge(top)
    (done,) = tagged(top)
    assert done.gates == ()
    assert trailer(top, "m@v1.2") is None


def test_a_change_that_loosens_its_own_gate_is_judged_by_the_rules_before_it(gated: Path) -> None:
    propose(gated, 0.9)
    card = gated / CARD
    commit_files(gated, {CARD: card.read_text().replace("0.005", "0.5")})
    merge(gated)
    tagged(gated)
    assert trailer(gated, "m@v1.1") == "fail (accuracy fail, fairness open)"
    git(gated, "branch", "-qD", "topic")
    propose(gated, 0.8, b"three")
    merge(gated)
    tagged(gated)
    assert trailer(gated, "m@v1.2") == "open (fairness open, 1 pass)"


def test_two_jobs_make_the_same_tag_whatever_has_happened_since(gated: Path, tmp_path: Path) -> None:
    propose(gated, 0.9)
    merge(gated)
    clone = tmp_path / "clone"
    git(gated, "clone", "-q", ".", str(clone))
    git(clone, "config", "regolo.store", str(gated / ".git/regolo/store"))
    tagged(gated)
    add(clone, CARD, "[gates.later]\nrequired = true\n")
    git(clone, "remote", "remove", "origin")
    tagged(clone)
    assert git(gated, "rev-parse", "m@v1.1") == git(clone, "rev-parse", "m@v1.1")


def test_a_card_that_cannot_be_read_is_not_judged(gated: Path) -> None:
    propose(gated, 0.9)
    git(gated, "switch", "-q", "main")
    add(gated, CARD, "[gates.broken]\n")
    merge(gated)
    assert tagged(gated)[0].problem is None
    assert trailer(gated, "m@v1.1") == "not judged (gates not judged)"


@pytest.mark.parametrize("how", ["--squash", "--no-ff"])
def test_of_two_versions_merged_at_once_the_last_one_has_the_tagged_ancestor(gated: Path, how: str) -> None:
    propose(gated, 0.95)
    with Registry.open(gated) as registry:
        registry.create_model_version("m", model_data=b"three", metadata={"accuracy": 0.9})
    git(gated, "tag", "-d", "m@v1.1", "m@v1.2", check=False)
    merge(gated, how)
    (done,) = tagged(gated)
    assert (done.tag, done.problem) == ("m@v1.2", None)
    assert done.remark == (
        "its parent 1.1 has no tag: 1.0, the newest tagged version before it, counts as its parent"
    )
    assert trailer(gated, "m@v1.2") == "fail (accuracy fail, fairness open)"


def test_two_versions_on_the_branch_are_parent_and_child(gated: Path) -> None:
    propose(gated, 0.95)
    with Registry.open(gated) as registry:
        registry.create_model_version("m", model_data=b"three", metadata={"accuracy": 0.9})
    git(gated, "tag", "-d", "m@v1.1", "m@v1.2", check=False)
    merge(gated, "--ff-only")
    assert [(done.tag, done.remark) for done in tagged(gated)] == [("m@v1.1", None), ("m@v1.2", None)]
