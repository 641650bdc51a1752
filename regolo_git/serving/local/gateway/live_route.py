"""One endpoint as the gateway serves it now: its route, prepared for choosing, and its workers."""

import json
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from regolo_git.serving.local.gateway.headers import Headers, header
from regolo_git.serving.local.gateway.line import Line
from regolo_git.serving.traffic.routing_table import Route, WeightedVersion
from regolo_git.serving.traffic.split import Split

# Python refuses to read a number of thousands of digits.
MOST_DIGITS = 18


class InFlight:
    """The number of an endpoint's requests in flight; it outlives the tables."""

    def __init__(self) -> None:
        self.total = 0
        self.by_version: dict[str, int] = {}

    def enter(self, version: str) -> None:
        """Counts a request that starts."""
        self.total += 1
        self.by_version[version] = self.by_version.get(version, 0) + 1

    def leave(self, version: str) -> None:
        """Counts a request that ends."""
        self.total -= 1
        self.by_version[version] -= 1


class LiveRoute:
    """A route with its workers; replaced whole when the table changes."""

    def __init__(self, route: Route, lines: Mapping[str, Line], in_flight: InFlight) -> None:
        self.route = route
        self.routing = route.routing
        self.watch = route.watch
        self.lines = lines
        self.in_flight = in_flight
        self.shadows = tuple((v.version, v.shadow) for v in route.versions.values() if v.shadow)
        self._split = Split(route)
        self._override = route.routing.override_header.lower().encode("latin-1")
        self._sticky_header = (route.routing.sticky_header or "").lower().encode("latin-1")

    def asked_for(self, headers: Headers) -> str | None:
        """The version named in the override header."""
        value = header(headers, self._override)
        return value.decode("latin-1").strip() if value is not None else None

    def choose(self, headers: Headers, body: bytes) -> WeightedVersion:
        """A version by the sticky key if the request has one, otherwise by weight."""
        key = self.sticky_key(headers, body)
        version = self._split.for_key(key) if key is not None else self._split.at_random()
        return self.route.versions[version]

    def sticky_key(self, headers: Headers, body: bytes) -> str | None:
        """The key by which the caller sticks to a version; None where the request has none."""
        if self._sticky_header:
            value = header(headers, self._sticky_header)
            return value.decode("latin-1") if value is not None else None
        if self.routing.sticky_cookie:
            return _cookie(header(headers, b"cookie"), self.routing.sticky_cookie)
        if self.routing.sticky_key:
            # Binary tensors come after the JSON.
            length = header(headers, b"inference-header-content-length") or b""
            is_count = length.isdigit() and len(length) <= MOST_DIGITS
            return _body_key(body[: int(length)] if is_count else body, self.routing.sticky_key)
        return None


def _cookie(value: bytes | None, name: str) -> str | None:
    if value is None:
        return None
    try:
        morsel = SimpleCookie(value.decode("latin-1")).get(name)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def _body_key(body: bytes, key: str) -> str | None:
    """A value of the JSON body by its dotted key, `params.user`; None if it is missing."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int | float) else None
