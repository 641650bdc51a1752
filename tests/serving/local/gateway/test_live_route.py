"""Who gets which version: what the caller asks for, what its key says, else the weights."""

import json

import pytest

from regolo_git.records.routing import Routing
from regolo_git.serving.local.gateway.live_route import InFlight, LiveRoute
from regolo_git.serving.traffic.rendezvous import rendezvous
from regolo_git.serving.traffic.routing_table import Route, WeightedVersion

WEIGHTS = {"1.0": 0.5, "1.1": 0.5}


def live(**routing: str) -> LiveRoute:
    versions = {name: WeightedVersion(name, share, False, ()) for name, share in WEIGHTS.items()}
    return LiveRoute(Route("e", "c" * 40, versions, Routing(**routing)), {}, InFlight())  # type: ignore[arg-type]


def of_user(user: str) -> str | None:
    return rendezvous("e", user, WEIGHTS)


USERS = [f"u{number}" for number in range(8)]


@pytest.mark.parametrize("user", USERS)
def test_a_key_in_a_header_a_cookie_or_the_body_decides(user: str) -> None:
    by_header, by_cookie, by_key = (
        live(sticky_header="X-User"),
        live(sticky_cookie="user"),
        live(sticky_key="a.user"),
    )
    assert by_header.choose([(b"x-user", user.encode())], b"").version == of_user(user)
    assert by_cookie.choose([(b"cookie", f"a=b; user={user}".encode())], b"").version == of_user(user)
    assert by_key.choose([], json.dumps({"a": {"user": user}}).encode()).version == of_user(user)


@pytest.mark.parametrize(
    ("routing", "headers", "body"),
    [
        ({"sticky_header": "x-user"}, [], b""),
        ({"sticky_cookie": "user"}, [], b""),
        ({"sticky_cookie": "user"}, [(b"cookie", b"other=1")], b""),
        ({"sticky_cookie": "user"}, [(b"cookie", b"\x00=;;=")], b""),
        ({"sticky_key": "user"}, [], b"no json"),
        ({"sticky_key": "user"}, [], b'{"user": ["a list"]}'),
        ({"sticky_key": "a.user"}, [], b'{"a": 1}'),
        ({"sticky_key": "user"}, [], b"[" * 100_000),
        ({}, [], b""),
    ],
)
def test_a_request_without_its_key_goes_by_the_weights(
    routing: dict[str, str], headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    route = live(**routing)
    assert {route.choose(headers, body).version for _ in range(200)} == set(WEIGHTS)


def test_the_key_of_a_body_with_binary_tensors_is_in_its_json() -> None:
    body = b'{"user": "u1"}'
    route = live(sticky_key="user")
    length = [(b"inference-header-content-length", b"%d" % len(body))]
    chosen = {route.choose(length, body + b"\xff\0").version for _ in range(20)}
    assert chosen == {route.choose([], body).version}
    odd = [(b"inference-header-content-length", b"9" * 5000)]
    assert {route.choose(odd, body).version for _ in range(20)} == chosen


def test_the_version_that_is_asked_for_is_read_from_the_override_header() -> None:
    assert live().asked_for([(b"x-regolo-version", b" 1.1 ")]) == "1.1"
    assert live(override_header="X-Want").asked_for([(b"x-want", b"1.0")]) == "1.0"
    assert live().asked_for([]) is None


def test_requests_under_way_are_counted_by_version() -> None:
    in_flight = InFlight()
    for version in ("1.0", "1.0", "1.1"):
        in_flight.enter(version)
    in_flight.leave("1.0")
    assert (in_flight.total, in_flight.by_version) == (2, {"1.0": 1, "1.1": 1})
