"""An endpoint pins versions, and its shares add up, whether they were given as shares or in percent."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion, RollbackMark, check_engine, check_traffic
from regolo_git.records.environment import Promotion, check_commit, check_replicas
from regolo_git.records.routing import Routing

SHA = Digest("sha256", "a" * 64)
PIN = PinnedVersion("c" * 40, SHA, 2, {"later": 1})
PATH = "endpoints/e.toml"
ENDPOINT = Endpoint(
    "e", "team/m", "production", "local", {"1.10": 0.1, "1.9": 0.9}, {"1.10": PIN, "1.9": replace(PIN, replicas=1)},
    Routing(retry=0), {"later": "x"},
)  # fmt: skip
TEXT = f'''\
format = 1
endpoint = "e"
model = "team/m"
environment = "production"
engine = "local"
later = "x"

[traffic]
"1.9" = 0.9
"1.10" = 0.1

[versions."1.9"]
commit = "{"c" * 40}"
digest = "{SHA}"
replicas = 1
later = 1

[versions."1.10"]
commit = "{"c" * 40}"
digest = "{SHA}"
replicas = 2
later = 1

[routing]
retry = 0
'''


def test_the_text_has_one_order_and_reads_back() -> None:
    assert ENDPOINT.to_text() == TEXT
    assert Endpoint.parse(TEXT, PATH) == ENDPOINT
    bare = replace(ENDPOINT, environment=None, routing=Routing(), unknown={})
    assert "environment" not in bare.to_text()
    assert "routing" not in bare.to_text()
    assert Endpoint.parse(bare.to_text().encode(), PATH) == bare


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('endpoint = "e"', 'endpoint = "f"'),
        ('endpoint = "e"', 'endpoint = "E"'),
        ('model = "team/m"', 'model = ""'),
        ('"production"', '"latest"'),
        ('"1.9" = 0.9', '"1.9" = 0.8'),
        ('"1.9" = 0.9', '"1.9" = true'),
        ('"1.9" = 0.9', '"1.9" = "0.9"'),
        ('"1.10" = 0.1', '"1.11" = 0.1'),
        ('[versions."1.10"]', '[versions."1.8"]'),
        ("replicas = 1", "replicas = 0"),
        ('commit = "c', 'commit = "'),
        ("format = 1", "format = 2"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_damage_by_its_name(old: str, new: str) -> None:
    with pytest.raises(IntegrityError, match=PATH):
        Endpoint.parse(TEXT.replace(old, new, 1), PATH)


def test_a_version_that_is_not_a_table_is_damage() -> None:
    text = TEXT[: TEXT.index("[versions.")] + '[versions]\n"1.9" = 1\n"1.10" = 2\n'
    with pytest.raises(IntegrityError, match=PATH):
        Endpoint.parse(text, PATH)


def test_an_engine_is_a_known_one() -> None:
    assert check_engine("local") == "local"
    with pytest.raises(InvalidInput, match="'other'"):
        check_engine("other")


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ({"1.0": 1}, {"1.0": 1.0}),
        ({"1.0": 100}, {"1.0": 1.0}),
        ({"1.0": 90, "1.1": 10}, {"1.0": 0.9, "1.1": 0.1}),
        ({"1.0": 33.3, "1.1": 66.7}, {"1.0": 0.333, "1.1": 0.667}),
        ({"1.0": 0, "1.1": 1.0}, {"1.0": 0.0, "1.1": 1.0}),
        ({"1.0": 0.1, "1.1": 0.2, "1.2": 0.7}, {"1.0": 0.1, "1.1": 0.2, "1.2": 0.7}),
        ({"1.0": 1 + 5e-10}, {"1.0": 1 + 5e-10}),
        ({"1.0": 100 + 5e-8}, {"1.0": 1.0000000005}),
        ({"1.0": -0.0, "1.1": 1}, {"1.0": 0.0, "1.1": 1.0}),
    ],
)
def test_shares_and_percentages_add_up(weights: dict[str, float], shares: dict[str, float]) -> None:
    found = check_traffic(weights)
    assert found == shares
    assert all(math.copysign(1, share) == 1 for share in found.values())


@pytest.mark.parametrize(
    "weights",
    [
        {}, {"1.0": 0.9}, {"1.0": 50}, {"1.0": 2}, {"1.0": 1 + 2e-9}, {"1.0": 100 + 2e-7}, {"1.0": 101.5},
        {"1.0": -0.1, "1.1": 1.1}, {"1.0": math.nan}, {"1.0": math.inf}, {"1.0": True}, {"1.0": "1"},
        {"1.0": 0.5, "1.0.0": 0.5}, {"one": 1}, {"1.0": 0, "1.1": 0},
    ],
)  # fmt: skip
def test_a_split_that_is_none_is_refused(weights: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        check_traffic(weights)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"1.0": 0.9}, "1.0=0.9 VERSION=0.1"),
        ({"1.0": 60, "1.1": 10}, "1.0=60 1.1=10 VERSION=30"),
        ({"1.0": 1, "1.1": 1}, "1.0=1 1.1=1 VERSION=98"),
        ({"1.0": 0, "1.1": 0}, "1.0=90 1.1=10"),
        ({"1.0": 60, "1.1": 60}, "1.0=90 1.1=10"),
    ],
)
def test_a_split_that_lacks_something_is_shown_completed(weights: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_traffic(weights)
    assert str(caught.value.hint).endswith(f": {words}")


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5).filter(any))
def test_any_split_in_percent_is_the_same_in_shares(counts: list[int]) -> None:
    total = sum(counts)
    weights = {f"1.{number}": 100 * count / total for number, count in enumerate(counts)}
    found = check_traffic(weights)
    assert math.fsum(found.values()) == pytest.approx(1, abs=1e-9)
    assert found == pytest.approx({version: weight / 100 for version, weight in weights.items()})


# -- what a promotion pins --------------------------------------------------------------------------------


def test_replicas_are_between_one_and_a_thousand() -> None:
    assert [check_replicas(number) for number in (1, 1000)] == [1, 1000]
    for number in (0, -1, 1001, True, 1.0, "1"):
        with pytest.raises(InvalidInput, match="replicas"):
            check_replicas(number)  # type: ignore[arg-type]


def test_a_commit_is_named_in_full() -> None:
    assert check_commit("0123456789abcdef" + "0" * 24)
    for commit in ("", "a" * 39, "a" * 41, "A" * 40, "g" * 40, "a" * 40 + "\n"):
        with pytest.raises(InvalidInput):
            check_commit(commit)


PROMOTION = Promotion("team/m", "staging", "1.0", "c" * 40, SHA, 3, {"z": 1, "later": 2})


def test_a_promotion_reads_back_from_its_own_place_only() -> None:
    text = PROMOTION.to_text()
    assert Promotion.parse(text, "environments/staging/team/m.toml") == PROMOTION
    assert text.endswith("replicas = 3\nlater = 2\nz = 1\n")
    for place in ("environments/staging/m.toml", "environments/production/team/m.toml"):
        with pytest.raises(IntegrityError, match=place):
            Promotion.parse(text, place)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0", "one"),
        ("replicas = 3", "replicas = 0"),
        ("c" * 40, "c" * 39),
        ("sha256:", "md5:"),
        ('"team/m"', "1"),
    ],
)
def test_a_promotion_of_what_cannot_be_is_damage(old: str, new: str) -> None:
    with pytest.raises(IntegrityError, match=r"team/m\.toml"):
        Promotion.parse(PROMOTION.to_text().replace(old, new, 1), "environments/staging/team/m.toml")


def test_a_rollback_is_on_record_until_the_traffic_changes() -> None:
    mark = RollbackMark("1.9", "1.10", {"later": 2})
    kept = replace(ENDPOINT, traffic={"1.10": 1.0, "1.9": 0.0}, rolled_back=mark)
    text = kept.to_text()
    assert text.endswith('[rolled_back]\nfrom = "1.9"\nto = "1.10"\nlater = 2\n')
    assert Endpoint.parse(text, PATH) == kept
    assert kept.rolled_back_from == "1.9"
    # The first release changes the traffic and leaves the table.
    assert replace(kept, traffic={"1.10": 0.0, "1.9": 1.0}).rolled_back_from is None
    assert replace(kept, traffic={"1.10": 0.5, "1.9": 0.5}).rolled_back_from is None


@pytest.mark.parametrize(
    "table", ["3", "{}", '{ from = "1.9" }', '{ from = "1.9", to = 1.1 }', '{ from = "x", to = "1.0" }']
)
def test_a_rollback_that_cannot_be_read_is_damage(table: str) -> None:
    with pytest.raises(IntegrityError):
        Endpoint.parse(TEXT.replace('later = "x"', f"rolled_back = {table}", 1), PATH)
