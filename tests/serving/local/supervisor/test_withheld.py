"""A version is withheld until the branch changes the traffic, also by an engine that is started again."""

from dataclasses import replace
from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.serving.local.supervisor.withheld import Withheld

PIN = PinnedVersion("c" * 40, Digest("sha256", "a" * 64), 1)
SPLIT = Endpoint("e", "m", None, "local", {"1.0": 0.9, "1.1": 0.1}, {"1.0": PIN, "1.1": PIN})
WHOLE = replace(SPLIT, traffic={"1.0": 1.0}, versions={"1.0": PIN})


def test_an_order_lasts_until_the_traffic_changes(tmp_path: Path) -> None:
    path = tmp_path / "withheld.json"
    withheld = Withheld(path, print)
    withheld.order(SPLIT, "1.1")
    assert Withheld(path, print).version(SPLIT) == "1.1"
    assert withheld.version(replace(SPLIT, environment="production")) == "1.1"
    assert withheld.version(WHOLE) is None
    withheld.drop_settled([SPLIT])
    assert Withheld(path, print).version(SPLIT) == "1.1"
    withheld.drop_settled([WHOLE])
    assert Withheld(path, print).version(SPLIT) is None


def test_something_always_serves(tmp_path: Path) -> None:
    withheld = Withheld(tmp_path / "withheld.json", print)
    with pytest.raises(InvalidInput):
        withheld.order(WHOLE, "1.0")
    withheld.order(WHOLE, "1.1")  # it has no traffic
    assert withheld.version(WHOLE) is None


def test_a_damaged_file_orders_nothing(tmp_path: Path) -> None:
    path = tmp_path / "withheld.json"
    path.write_text('{"withheld": {"e": 1}}')
    assert Withheld(path, print).version(SPLIT) is None


def test_an_order_that_cannot_be_kept_takes_effect(tmp_path: Path) -> None:
    said: list[str] = []
    withheld = Withheld(tmp_path / "gone" / "withheld.json", said.append)
    withheld.order(SPLIT, "1.1")
    assert withheld.version(SPLIT) == "1.1"
    withheld.drop_settled([WHOLE])
    assert withheld.version(SPLIT) is None
    assert len(said) == 2
