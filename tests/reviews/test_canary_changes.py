"""A review says what a change does to a canary and to its policy."""

from dataclasses import replace
from datetime import UTC, datetime

from regolo_git.records.canary import CanaryPolicy, Candidate
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.reviews.canary_changes import canary_words

BAD = Digest("sha256", "b" * 64)
PIN = PinnedVersion("c" * 40, Digest("sha256", "a" * 64), 1)
PLAIN = Endpoint("e", "m", None, "local", {"1.0": 1.0}, {"1.0": PIN})
TRIED = replace(
    PLAIN,
    canary=CanaryPolicy(rejected=(BAD,)),
    candidate=Candidate("1.1", 0, datetime(2026, 11, 27, tzinfo=UTC)),
)


def words(before: Endpoint, after: Endpoint) -> list[str]:
    return list(canary_words(before, after))


def test_a_canary_that_starts_or_ends_is_said() -> None:
    assert words(PLAIN, TRIED) == ["starts a canary of 1.1", "a policy for canaries"]
    assert words(TRIED, PLAIN) == ["ends the canary of 1.1", "no policy for canaries any more"]
    assert words(TRIED, TRIED) == words(PLAIN, PLAIN) == []


def test_a_policy_that_is_loosened_is_said_by_each_of_its_keys() -> None:
    looser = replace(CanaryPolicy(), rollback_level=0.001, promote=True)
    assert words(TRIED, replace(TRIED, canary=looser)) == [
        "canary level.rollback: 0.01 → 0.001",
        "canary promote: False → True",
        f"{BAD}, which a canary has rolled back, is allowed again",
    ]
