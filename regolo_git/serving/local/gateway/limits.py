"""Bounds of a gateway beyond those that each endpoint sets for itself."""

from dataclasses import asdict, dataclass
from typing import Self

from regolo_git.serving.json_value import Json, json_number


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Seconds that a client has for its head, its body, and for taking a piece of a large answer; and sizes.

    `buffered_bytes` is what all large bodies may hold together; `idle_grace_seconds` is how long idle
    connections of a gateway that is being replaced may stay.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    send_seconds: float = 30.0
    keep_alive_seconds: int = 75
    idle_grace_seconds: float = 5.0
    buffered_bytes: int = 256 << 20
    connections: int = 4096

    def to_json(self) -> dict[str, Json]:
        """As they travel to a gateway."""
        return asdict(self)

    @classmethod
    def from_json(cls, table: dict[str, Json]) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        numbers = {name: json_number(value, f"'{name}'") for name, value in table.items()}
        return cls(
            head_seconds=numbers["head_seconds"],
            body_seconds=numbers["body_seconds"],
            send_seconds=numbers["send_seconds"],
            keep_alive_seconds=int(numbers["keep_alive_seconds"]),
            idle_grace_seconds=numbers["idle_grace_seconds"],
            buffered_bytes=int(numbers["buffered_bytes"]),
            connections=int(numbers["connections"]),
        )
