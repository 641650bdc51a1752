"""What the supervisor and a gateway tell each other, over a `Channel`.

The supervisor asks and the gateway answers, in this order: `hello`, answered with nothing once the process is
up, which takes longer than all that follows; `start`, with everything that a gateway needs; then `table`,
`report` and `retire`, as often as there is a reason.  Every answer after the first is a `GatewayReport`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regolo_git.serving.json_value import Json, json_list, json_number, json_object, json_text
from regolo_git.serving.metrics.counts import Counts, Key
from regolo_git.serving.options import GatewayLimits
from regolo_git.serving.traffic.routing_table import RoutingTable

HELLO: dict[str, Json] = {"do": "hello"}
REPORT: dict[str, Json] = {"do": "report"}


@dataclass(frozen=True, slots=True)
class GatewayStart:
    """Everything that a gateway needs; `admin_socket` is where the supervisor answers."""

    table: RoutingTable
    limits: GatewayLimits
    token: str | None
    admin_socket: Path

    def to_json(self) -> dict[str, Json]:
        """As it travels to the gateway."""
        return {
            "do": "start",
            "table": self.table.to_json(),
            "limits": self.limits.to_json(),
            "token": self.token,
            "admin_socket": str(self.admin_socket),
        }

    @classmethod
    def from_json(cls, message: dict[str, Json]) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        token = message["token"]
        return cls(
            table=RoutingTable.from_json(message["table"]),
            limits=GatewayLimits.from_json(json_object(message["limits"], "'limits'")),
            token=json_text(token, "'token'") if token is not None else None,
            admin_socket=Path(json_text(message["admin_socket"], "'admin_socket'")),
        )


def table_message(table: RoutingTable) -> dict[str, Json]:
    """Puts a table in force."""
    return {"do": "table", "table": table.to_json()}


def retire_message(seconds: float) -> dict[str, Json]:
    """Has the gateway take no more connections, and end when those it has are gone or the time is up."""
    return {"do": "retire", "seconds": seconds}


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """What was counted since the report before, and what is under way; `is_done` in the last one.

    `using` are the workers that requests are sent to or are still with.
    """

    counts: Counts
    in_flight: Mapping[Key, int]
    using: frozenset[str]
    connections: int
    is_done: bool

    def to_json(self) -> dict[str, Json]:
        """As it travels to the supervisor."""
        return {
            "counts": self.counts.to_json(),
            "in_flight": [[*key, count] for key, count in self.in_flight.items()],
            "using": list(self.using),
            "connections": self.connections,
            "is_done": self.is_done,
        }

    @classmethod
    def from_json(cls, message: dict[str, Json]) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        flights = [json_list(entry, "a flight") for entry in json_list(message["in_flight"], "'in_flight'")]
        return cls(
            counts=Counts.from_json(json_object(message["counts"], "'counts'")),
            in_flight={
                (json_text(endpoint, "'endpoint'"), json_text(version, "'version'")): int(
                    json_number(count, "'count'")
                )
                for endpoint, version, count in flights
            },
            using=frozenset(json_text(name, "a worker") for name in json_list(message["using"], "'using'")),
            connections=int(json_number(message["connections"], "'connections'")),
            is_done=message["is_done"] is True,
        )
