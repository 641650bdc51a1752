"""The routing of an endpoint: each limit to its edge, and only what differs is written."""

import math
from typing import Any

import pytest

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.routing import Routing
from regolo_git.records.tables import TableReader

EDGES = {
    "retry": (0, 10, -1, 11),
    "timeout_seconds": (0.001, 3600, 0, 3600.001),
    "max_body_bytes": (1, 1 << 32, 0, (1 << 32) + 1),
    "max_concurrency": (1, 100_000, 0, 100_001),
}


def routing(**values: Any) -> Routing:
    return Routing(**values)


@pytest.mark.parametrize("name", EDGES)
def test_a_limit_is_allowed_to_its_edges(name: str) -> None:
    least, most, below, above = EDGES[name]
    assert getattr(routing(**{name: least}), name) == least
    assert getattr(routing(**{name: most}), name) == most
    for value in (below, above, True, "1", None, math.nan, math.inf):
        with pytest.raises(InvalidInput, match=name):
            routing(**{name: value})


@pytest.mark.parametrize("name", ["retry", "max_body_bytes", "max_concurrency"])
def test_a_count_is_a_whole_number(name: str) -> None:
    assert getattr(routing(**{name: 2.0}), name) == 2
    with pytest.raises(InvalidInput, match=name):
        routing(**{name: 2.5})


@pytest.mark.parametrize("name", ["sticky_header", "sticky_cookie", "override_header"])
def test_a_header_is_named_as_http_has_it(name: str) -> None:
    for value in ("X-User", "a", "!#$%&'*+.^_`|~09", "x" * 128):
        assert getattr(routing(**{name: value}), name) == value
    for value in ("", "x y", "x:", "é", "x" * 129, "x\n"):
        with pytest.raises(InvalidInput, match=name):
            routing(**{name: value})


def test_a_key_of_the_body_is_any_text() -> None:
    assert routing(sticky_key="user id").sticky_key == "user id"


@pytest.mark.parametrize(
    "two",
    [("sticky_header", "sticky_cookie"), ("sticky_header", "sticky_key"), ("sticky_cookie", "sticky_key")],
)
def test_requests_stick_by_one_thing_only(two: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput, match="only one"):
        routing(**dict.fromkeys(two, "x"))


def test_default_values_are_not_written() -> None:
    assert Routing().to_table() == {}
    assert list(routing(retry=0, sticky_key="u", unknown={"z": 1, "a": 2}).to_table().items()) == [
        ("sticky_key", "u"), ("retry", 0), ("a", 2), ("z", 1),
    ]  # fmt: skip


def test_written_values_are_read_back() -> None:
    every = routing(
        sticky_cookie="c", override_header="o", retry=0, timeout_seconds=1.5, max_body_bytes=1, max_concurrency=1,
        unknown={"later": "x"},
    )  # fmt: skip
    for value in (every, Routing(), routing(sticky_header="h"), routing(sticky_key="k")):
        assert Routing.read(TableReader(value.to_table(), "[routing]")) == value


def test_a_whole_number_of_seconds_is_a_time() -> None:
    found = Routing.read(TableReader({"timeout_seconds": 5}, "[routing]")).timeout_seconds
    assert (found, type(found)) == (5.0, float)


@pytest.mark.parametrize(
    "table", [{"retry": "2"}, {"timeout_seconds": "x"}, {"sticky_key": 3}, {"retry": True}]
)
def test_a_value_of_another_kind_is_damage(table: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        Routing.read(TableReader(table, "[routing]"))
