"""The routing table: which version a request goes to, and where that version's workers listen.

A table is a value.  The supervisor makes a new one when anything changes and the gateway swaps it whole, so a
request sees either the old state or the new one.
"""

import random
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Self, cast

from regolo_git.errors import InvalidInput
from regolo_git.records.routing import Routing
from regolo_git.records.tables import TableReader
from regolo_git.records.versions import Version
from regolo_git.serving.json_value import Json, as_json, json_list, json_number, json_object, json_text
from regolo_git.serving.traffic.rendezvous import rendezvous


@dataclass(frozen=True, slots=True)
class Replica:
    """One worker: a name that is never used again, and the path of its socket or a server's URL."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Target:
    """One version: its share, whether a request may be sent twice, and its workers that are ready.

    `model_path` is what the version is called on a server that is not ours (`/v2/models/…`).
    """

    version: str
    weight: float
    idempotent: bool
    replicas: tuple[Replica, ...]
    model_path: str | None = None

    def model_path_in(self, endpoint: str) -> str:
        """Where the V2 protocol finds the version on its workers."""
        return self.model_path or f"/v2/models/{endpoint}/versions/{self.version}"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint as of a commit; `problem` says why no worker will come, where that is known."""

    endpoint: str
    commit: str
    targets: Mapping[str, Target]
    routing: Routing = field(default_factory=Routing)
    problem: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether every version that gets traffic has a worker."""
        return all(target.replicas for target in self.targets.values() if target.weight > 0)

    def find(self, version: str) -> Target | None:
        """A version by its name, `1.1.0` for `1.1` too, whatever its weight; None where it is not served."""
        if version in self.targets:
            return self.targets[version]
        try:
            wanted = Version.parse(version).identity
        except InvalidInput:
            return None
        return next((t for t in self.targets.values() if Version.parse(t.version).identity == wanted), None)


class Split:
    """The weights of one route, made ready for choosing."""

    def __init__(self, route: Route) -> None:
        self._endpoint = route.endpoint
        self._weights = {t.version: t.weight for t in route.targets.values() if t.weight > 0}
        self._versions = tuple(self._weights)
        self._bounds = tuple(accumulate(self._weights.values()))

    def at_random(self) -> str:
        """A version, each as often as its weight says."""
        draw = random.random() * self._bounds[-1]
        # Rounding may bring the draw to the last bound itself.
        return self._versions[min(bisect_right(self._bounds, draw), len(self._versions) - 1)]

    def for_key(self, key: str) -> str:
        """The version that a sticky key belongs to."""
        return rendezvous(self._endpoint, key, self._weights) or self._versions[-1]


@dataclass(frozen=True, slots=True)
class Table:
    """Every route; `serial` grows with each table."""

    serial: int
    routes: Mapping[str, Route]

    def to_json(self) -> Json:
        """As it travels to a gateway."""
        return {"serial": self.serial, "routes": [_route_json(route) for route in self.routes.values()]}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput, IntegrityError."""
        table = json_object(value, "the table")
        routes = [
            _read_route(json_object(route, "a route")) for route in json_list(table["routes"], "routes")
        ]
        serial = int(json_number(table["serial"], "'serial'"))
        return cls(serial, {route.endpoint: route for route in routes})


def _route_json(route: Route) -> Json:
    targets: list[Json] = [
        {
            "version": target.version,
            "weight": target.weight,
            "idempotent": target.idempotent,
            "model_path": target.model_path,
            "replicas": [[replica.name, replica.address] for replica in target.replicas],
        }
        for target in route.targets.values()
    ]
    return {
        "endpoint": route.endpoint,
        "commit": route.commit,
        "routing": as_json(route.routing.to_table()),
        "targets": targets,
        "problem": route.problem,
    }


def _read_route(table: dict[str, Json]) -> Route:
    targets = [_read_target(json_object(t, "a target")) for t in json_list(table["targets"], "targets")]
    routing = TableReader({"routing": table["routing"]}, "the table").take_table("routing")  # type: ignore[dict-item]
    return Route(
        endpoint=json_text(table["endpoint"], "'endpoint'"),
        commit=json_text(table["commit"], "'commit'"),
        targets={target.version: target for target in targets},
        routing=Routing.read(routing),
        problem=cast(str | None, table["problem"]),
    )


def _read_target(table: dict[str, Json]) -> Target:
    pairs = [json_list(pair, "a replica") for pair in json_list(table["replicas"], "replicas")]
    path = table["model_path"]
    return Target(
        version=json_text(table["version"], "'version'"),
        weight=json_number(table["weight"], "'weight'"),
        idempotent=table["idempotent"] is True,
        replicas=tuple(Replica(json_text(n, "a name"), json_text(a, "an address")) for n, a in pairs),
        model_path=None if path is None else json_text(path, "'model_path'"),
    )
