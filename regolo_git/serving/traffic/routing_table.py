"""The routing table: the versions of each endpoint, their weights, and the addresses of their workers.

A table is a value.  The supervisor builds a new one when anything changes and the gateway swaps it whole, so
a request sees either the old state or the new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, cast

from regolo_git.errors import InvalidInput
from regolo_git.records.canary import Watch
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.records.routing import Routing
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table
from regolo_git.records.versions import Version


@dataclass(frozen=True, slots=True)
class Replica:
    """One worker: a name that is never reused, and the path of its socket or the URL of a server."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class WeightedVersion:
    """One version: its weight, whether a request may be sent twice, and its ready workers.

    `shadow` is the share of the requests that it gets copies of; `model_path` is the version's path on an
    external server (`/v2/models/…`).
    """

    version: str
    weight: float
    idempotent: bool
    replicas: tuple[Replica, ...]
    model_path: str | None = None
    shadow: float = 0.0

    def model_path_in(self, endpoint: str) -> str:
        """The version's path in the V2 protocol of its workers."""
        return self.model_path or f"/v2/models/{endpoint}/versions/{self.version}"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint as of a commit; `problem` is why it has no workers, if known.

    `watch` is what is counted of each request while two versions are compared (`metrics/watched.py`).
    """

    endpoint: str
    commit: str
    versions: Mapping[str, WeightedVersion]
    routing: Routing = field(default_factory=Routing)
    problem: str | None = None
    watch: Watch | None = None

    @property
    def is_ready(self) -> bool:
        """Whether every version with traffic has a worker."""
        return all(version.replicas for version in self.versions.values() if version.weight > 0)

    def find(self, name: str) -> WeightedVersion | None:
        """A version by its name (also `1.1.0` for `1.1`), whatever its weight; None if it is not served."""
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
        """The form sent to a gateway."""
        return {"routes": [_route_json(route) for route in self.routes.values()]}

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput, IntegrityError."""
        routes = [_read_route(route) for route in reader.objects("routes")]
        return cls({route.endpoint: route for route in routes})


def _route_json(route: Route) -> Json:
    versions: list[Json] = [
        {
            "version": version.version,
            "weight": version.weight,
            "idempotent": version.idempotent,
            "model_path": version.model_path,
            "shadow": version.shadow,
            "replicas": [[replica.name, replica.address] for replica in version.replicas],
        }
        for version in route.versions.values()
    ]
    return {
        "endpoint": route.endpoint,
        "commit": route.commit,
        "routing": cast(Json, route.routing.to_table()),
        "versions": versions,
        "problem": route.problem,
        "watch": list(route.watch) if route.watch is not None else None,
    }


def _read_route(reader: JsonReader) -> Route:
    versions = [_read_version(version) for version in reader.objects("versions")]
    routing = TableReader(cast(Table, reader.get("routing", dict)), "the table")
    return Route(
        endpoint=reader.get("endpoint", str),
        commit=reader.get("commit", str),
        versions={version.version: version for version in versions},
        routing=Routing.read(routing),
        problem=reader.get_optional("problem", str),
        watch=_read_watch(reader),
    )


def _read_watch(reader: JsonReader) -> Watch | None:
    if reader.get_optional("watch", list) is None:
        return None
    limits = reader.elements("watch")
    return tuple(limits.get_optional(index, float) for index in limits)


def _read_version(reader: JsonReader) -> WeightedVersion:
    return WeightedVersion(
        version=reader.get("version", str),
        weight=reader.get("weight", float),
        idempotent=reader.get("idempotent", bool),
        replicas=tuple(Replica(row.get(0, str), row.get(1, str)) for row in reader.rows("replicas", 2)),
        model_path=reader.get_optional("model_path", str),
        shadow=reader.get("shadow", float),
    )
