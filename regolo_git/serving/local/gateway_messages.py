"""The messages between the supervisor and a gateway, over a `Channel`.

The supervisor sends requests in this order: `hello`, answered once the process is up, which takes longer than
anything after it; `start`, with everything that a gateway needs; then any number of `table`, `report` and
`retire`.  Every response but the first is a `GatewayReport`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.access import Access
from regolo_git.serving.metrics.counts import Counts, Key
from regolo_git.serving.options import GatewayLimits
from regolo_git.serving.traffic.routing_table import RoutingTable

HELLO: dict[str, Json] = {"do": "hello"}
REPORT: dict[str, Json] = {"do": "report"}


@dataclass(frozen=True, slots=True)
class GatewayStart:
    """Everything that a gateway needs; the supervisor answers on `admin_socket`.

    With `access_log`, it writes a line for each request.
    """

    table: RoutingTable
    limits: GatewayLimits
    access: Access
    admin_socket: Path
    access_log: bool = False

    def to_json(self) -> dict[str, Json]:
        """The form sent to the gateway."""
        return {
            "do": "start",
            "table": self.table.to_json(),
            "limits": self.limits.to_json(),
            "access": self.access.to_json(),
            "admin_socket": str(self.admin_socket),
            "access_log": self.access_log,
        }

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        return cls(
            table=RoutingTable.read(reader.object("table")),
            limits=GatewayLimits.read(reader.object("limits")),
            access=Access.read(reader.object("access")),
            admin_socket=Path(reader.get("admin_socket", str)),
            access_log=reader.get("access_log", bool),
        )


def table_message(table: RoutingTable) -> dict[str, Json]:
    """The request to route by a table."""
    return {"do": "table", "table": table.to_json()}


def retire_message(seconds: float) -> dict[str, Json]:
    """The request to accept no more connections, and to exit when the open ones are closed or time is up."""
    return {"do": "retire", "seconds": seconds}


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """The counts since the previous report, and the requests in flight; the last report has `is_done`.

    `using` names the workers that requests are sent to, or that still have one.
    """

    counts: Counts
    in_flight: Mapping[Key, int]
    using: frozenset[str]
    connections: int
    is_done: bool

    def to_json(self) -> dict[str, Json]:
        """The form sent to the supervisor."""
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
