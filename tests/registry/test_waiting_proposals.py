"""Which proposals wait, and where: by branches here and as last fetched, until they are merged."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import NotFound
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.waiting_proposals import WaitingProposal, waiting_proposals


@pytest.fixture
def proposed(registry: Registry, once: Once) -> Registry:

    def build() -> None:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two", flow="propose")

    once(build)
    return registry


@pytest.fixture
def top(proposed: Registry) -> Path:
    return proposed.handle.paths.top


def waiting(top: Path, model: str | None = None) -> list[WaitingProposal]:
    """As a new process sees them."""
    with Registry.open(top) as opened:
        return waiting_proposals(opened.handle, read_statuses(opened.handle), model)


def branch(top: Path) -> str:
    names = git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads/propose/").split()
    return names[0]


def test_a_proposal_waits_on_its_branch(top: Path) -> None:
    (found,) = waiting(top)
    assert (found.versions, found.places) == (("m@1.1",), (branch(top),))
    assert found.author == "Ada Byron <ada@example.com>"
    assert waiting(top) == [found]
    assert waiting(top, "m") == [found]
    assert waiting(top, "n") == []


@pytest.mark.parametrize("merge", [["--no-ff"], ["--squash"]])
def test_a_merged_proposal_does_not_wait(top: Path, merge: list[str]) -> None:
    assert waiting(top)
    git(top, "merge", "-q", *merge, branch(top))
    git(top, "commit", "-qm", "merged", check=merge == ["--squash"])
    assert waiting(top) == []


def test_a_merged_proposal_does_not_wait_after_the_next_version(proposed: Registry, top: Path) -> None:
    git(top, "merge", "-q", "--squash", branch(top))
    git(top, "commit", "-qm", "merged")
    assert waiting(top) == []
    git(top, "commit", "-q", "--allow-empty", "-m", "more")
    assert waiting(top) == []
    (top / ".git/regolo/proposals.json").write_text("{}")  # only a cache
    assert waiting(top) == []


def test_proposals_of_others_are_on_branches_of_their_remote(top: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(top), "clone")
    (found,) = waiting(tmp_path / "clone")
    assert found.places == (f"origin/{branch(top)}",)
    git(tmp_path / "clone", "branch", branch(top), f"origin/{branch(top)}")
    (found,) = waiting(tmp_path / "clone")
    assert found.places == (branch(top), f"origin/{branch(top)}")


def test_a_promotion_can_be_proposed(proposed: Registry, top: Path) -> None:
    proposed.promote_model_version("m", "1.0", "staging", propose=True)
    found = {proposal.versions: proposal.models for proposal in waiting(top)}
    assert found == {("m@1.1",): ("m",), (): ("m",)}


def test_the_error_for_a_proposed_version_names_its_branch(proposed: Registry, top: Path) -> None:
    proposed.register_model("n", b"three", flow="propose")
    for model, version in (("m", "1.1"), ("n", "1.0")):
        with pytest.raises(NotFound) as caught:
            proposed.get_model_version(model, version)
        assert f"git regolo show propose/{model}@{version}" in str(caught.value.hint)
    with pytest.raises(NotFound) as caught:
        proposed.get_model_version("m", "9.0")
    assert str(caught.value.hint) == "git regolo list m"


def test_a_number_that_was_given_away_is_reported(proposed: Registry, top: Path) -> None:
    proposed.create_model_version("m", model_data=b"three")
    (found,) = waiting(top)
    assert (found.versions, found.taken) == (("m@1.1",), ("m@1.1",))


def test_a_proposed_evaluation_waits_for_its_model(proposed: Registry, top: Path) -> None:
    proposed.evaluate_model_version("m", "1.0", metrics={"gap": 0.1}, flow="propose")
    assert {(each.versions, each.models) for each in waiting(top, "m")} == {
        (("m@1.1",), ("m",)),
        ((), ("m",)),
    }
