"""What a branch is called on which something waits for a review."""

from regolo_git.records.branches import is_proposal_of, operation_branch, proposal_branch
from regolo_git.records.digests import Digest


def test_a_proposed_version_and_a_proposed_promotion_have_branches_of_their_own() -> None:
    assert proposal_branch("nlp/m", "1.1", Digest("sha256", "0123456789" * 6 + "abcd")) == (
        "propose/nlp/m@1.1+01234567"
    )
    assert operation_branch("m", "1.1", "production") == "operate/production/m@1.1"


def test_the_branches_of_a_number_are_known_with_and_without_a_digest() -> None:
    names = ["propose/m@1.1", "propose/m@1.1+01234567", "propose/m@1.10+01234567", "propose/label/m@1.1+0"]
    assert [name for name in names if is_proposal_of(name, "m", "1.1")] == names[:2]


def test_a_build_makes_no_other_number() -> None:
    proposed = proposal_branch("m", "1.1+linux", Digest("sha256", "0123456789" * 6 + "abcd"))
    for version in ("1.1", "1.1+linux", "1.1+other"):
        assert is_proposal_of(proposed, "m", version)
    assert not is_proposal_of(proposed, "m", "1.2+linux")
