"""The tables of a canary: what can be followed is read back, anything else is refused."""

from datetime import UTC, datetime

import pytest
from support.places import GOLDEN

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.canary import CanaryMetric, CanaryPolicy, Candidate
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.tables import TableReader

PLACE = "endpoints/search.toml"
TEXT = (GOLDEN / "records/endpoint~endpoints+search.toml.toml").read_text()


def test_the_tables_are_read_and_written_as_they_were() -> None:
    endpoint = Endpoint.parse(TEXT, PLACE)
    assert endpoint.canary == CanaryPolicy(
        metrics=(CanaryMetric("error_rate"), CanaryMetric("latency_over", 0.01, 0.02, 250)),
        rejected=(Digest.parse("sha256:7f0c9a7d1f2e3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4"),),
    )
    since = datetime(2026, 11, 27, 15, 4, 5, tzinfo=UTC)
    assert endpoint.candidate == Candidate("1.1", 1, since, "host-5f0c9a7d", held=False)
    assert endpoint.to_text() == TEXT


def test_missing_keys_are_as_in_the_default() -> None:
    assert CanaryPolicy.read(TableReader({}, "[canary]")) == CanaryPolicy()


def test_keys_of_a_newer_release_survive() -> None:
    text = TEXT.replace("[candidate]\n", "[candidate]\nreason = 'x'\n").replace(
        "[canary]\n", "[canary]\nmore = 1\n"
    )
    written = Endpoint.parse(text, PLACE).to_text()
    assert 'reason = "x"' in written
    assert "more = 1" in written


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0.01, 0.1, 0.5]", "[0.5, 0.1]"),
        ("[0.01, 0.1, 0.5]", "[0.1, 0.1]"),
        ("[0.01, 0.1, 0.5]", "[]"),
        ("[0.01, 0.1, 0.5]", "[0.1, 1.0]"),
        ("[0.01, 0.1, 0.5]", "[0.0, 0.1]"),
        ("[0.01, 0.1, 0.5]", '["0.1"]'),
        ("margin = 0.0,", "margin = 1,"),
        ("margin = 0.0,", "margin = -0.1,"),
        ("promote_margin = 0.01", "promote_margin = 1.0"),
        ("promote_margin = 0.01", "promote_margin = 0"),
        ("promote_margin = 0.01", "patience = 3"),
        ('"error_rate"', '"error_ratio"'),
        ('"error_rate"', '"latency_over"'),
        ("limit_ms = 250.0, ", ""),
        ("limit_ms = 250.0", "limit_ms = 0"),
        ('"latency_over", limit_ms = 250.0', '"error_rate"'),
        ('bake = "10m"', 'bake = "soon"'),
        ('bake = "10m"', 'bake = "2d"'),
        ('bake = "10m"', "bake = 600"),
        ("min_requests = 200", "min_requests = 0"),
        ("rollback = 0.01", "rollback = 1.0"),
        ("rollback = 0.01", "rolback = 0.01"),
        ("promote = 0.05", "promote = 0.0"),
        ("step = 1", "step = -1"),
        ("since = 2026-11-27T15:04:05Z", "since = 2026-11-27T15:04:05"),
        ("since = 2026-11-27T15:04:05Z", "since = 1"),
        ('version = "1.1"', 'version = "newest"'),
        ("sha256:7f", "sha257:7f"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_damage_by_its_name(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(IntegrityError, match=PLACE):
        Endpoint.parse(TEXT.replace(old, new, 1), PLACE)


@pytest.mark.parametrize("seconds", [0.5, 5, 90, 600, 5400, 86400, 100_000])
def test_a_duration_reads_back_as_it_was_written(seconds: float) -> None:
    policy = CanaryPolicy(bake_seconds=seconds, max_seconds=200_000)
    assert CanaryPolicy.read(TableReader(policy.to_table(), "[canary]")) == policy


def test_a_policy_of_the_caller_is_checked_as_well() -> None:
    for wrong in ({"steps": (0.5, 0.1)}, {"metrics": ()}, {"max_seconds": 1.0}, {"min_requests": True}):
        with pytest.raises(InvalidInput):
            CanaryPolicy(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"'steps' of a canary is not between 0 and 1 \(50\)"):
        CanaryPolicy(steps=(50, 60))
    with pytest.raises(InvalidInput, match="the 'metrics' of a canary have the same one twice"):
        CanaryPolicy(metrics=(CanaryMetric("error_rate"), CanaryMetric("error_rate", 0.1)))
    for margin in (10**400, float("nan"), float("-inf")):
        with pytest.raises(InvalidInput, match="'margin' of a canary is not between"):
            CanaryMetric("error_rate", margin)
    for name in (5, ["error_rate"], None):
        with pytest.raises(InvalidInput, match="there is no canary metric"):
            CanaryMetric(name)  # type: ignore[arg-type]
