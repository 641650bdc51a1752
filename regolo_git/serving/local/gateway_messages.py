"""What the supervisor and a gateway tell each other, over a `Channel`.

The supervisor asks and the gateway answers, in this order: `hello`, answered with nothing once the process is
up, which takes longer than all that follows; `start`, with everything that a gateway needs; then `table`,
`report` and `retire`, as often as there is a reason.  Every answer after the first is a `GatewayReport`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regolo_git.records.json_reader import Json, JsonReader
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
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        return cls(
            table=RoutingTable.read(reader.object("table")),
            limits=GatewayLimits.read(reader.object("limits")),
            token=reader.get_optional("token", str),
            admin_socket=Path(reader.get("admin_socket", str)),
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
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        rows = reader.rows("in_flight", 3)
        return cls(
            counts=Counts.read(reader.object("counts")),
            in_flight={(row.get(0, str), row.get(1, str)): row.get(2, int) for row in rows},
            using=frozenset(reader.list_of("using", str)),
            connections=reader.get("connections", int),
            is_done=reader.get("is_done", bool),
        )
