"""The routing table: which version a request goes to, and where that version's workers listen.

A table is a value.  The supervisor makes a new one when anything changes and the gateway swaps it whole, so a
request sees either the old state or the new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, cast

from regolo_git.errors import InvalidInput
from regolo_git.records.routing import Routing
from regolo_git.records.tables import TableReader
from regolo_git.records.versions import Version
from regolo_git.serving.json_value import Json, as_json, json_list, json_number, json_object, json_text


@dataclass(frozen=True, slots=True)
class Replica:
    """One worker: a name that is never used again, and the path of its socket or a server's URL."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class WeightedVersion:
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
    versions: Mapping[str, WeightedVersion]
    routing: Routing = field(default_factory=Routing)
    problem: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether every version that gets traffic has a worker."""
        return all(version.replicas for version in self.versions.values() if version.weight > 0)

    def find(self, name: str) -> WeightedVersion | None:
        """A version by its name, `1.1.0` for `1.1` too, whatever its weight; None where it is not served."""
        if name in self.versions:
            return self.versions[name]
        try:
            wanted = Version.parse(name).identity
        except InvalidInput:
            return None
        return next((v for v in self.versions.values() if Version.parse(v.version).identity == wanted), None)


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """Every route, by its endpoint."""

    routes: Mapping[str, Route]

    def to_json(self) -> Json:
        """As it travels to a gateway."""
        return {"routes": [_route_json(route) for route in self.routes.values()]}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput, IntegrityError."""
        table = json_object(value, "the table")
        routes = [
            _read_route(json_object(route, "a route")) for route in json_list(table["routes"], "routes")
        ]
        return cls({route.endpoint: route for route in routes})


def _route_json(route: Route) -> Json:
    versions: list[Json] = [
        {
            "version": version.version,
            "weight": version.weight,
            "idempotent": version.idempotent,
            "model_path": version.model_path,
            "replicas": [[replica.name, replica.address] for replica in version.replicas],
        }
        for version in route.versions.values()
    ]
    return {
        "endpoint": route.endpoint,
        "commit": route.commit,
        "routing": as_json(route.routing.to_table()),
        "versions": versions,
        "problem": route.problem,
    }


def _read_route(table: dict[str, Json]) -> Route:
    versions = [_read_version(json_object(t, "a version")) for t in json_list(table["versions"], "versions")]
    routing = TableReader({"routing": table["routing"]}, "the table").take_table("routing")  # type: ignore[dict-item]
    return Route(
        endpoint=json_text(table["endpoint"], "'endpoint'"),
        commit=json_text(table["commit"], "'commit'"),
        versions={version.version: version for version in versions},
        routing=Routing.read(routing),
        problem=cast(str | None, table["problem"]),
    )


def _read_version(table: dict[str, Json]) -> WeightedVersion:
    pairs = [json_list(pair, "a replica") for pair in json_list(table["replicas"], "replicas")]
    path = table["model_path"]
    return WeightedVersion(
        version=json_text(table["version"], "'version'"),
        weight=json_number(table["weight"], "'weight'"),
        idempotent=table["idempotent"] is True,
        replicas=tuple(Replica(json_text(n, "a name"), json_text(a, "an address")) for n, a in pairs),
        model_path=None if path is None else json_text(path, "'model_path'"),
    )
