"""What a branch is called on which something waits for a review."""

from regolo_git.records.branches import operation_branch, proposal_branch


def test_a_proposed_version_and_a_proposed_promotion_have_branches_of_their_own() -> None:
    assert proposal_branch("nlp/m", "1.1") == "propose/nlp/m@1.1"
    assert operation_branch("m", "1.1", "production") == "operate/production/m@1.1"
