"""What the operator of an engine chooses; an engine takes what concerns it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.policy import Policy


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
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        return cls(
            head_seconds=reader.get("head_seconds", float),
            body_seconds=reader.get("body_seconds", float),
            send_seconds=reader.get("send_seconds", float),
            keep_alive_seconds=reader.get("keep_alive_seconds", int),
            idle_grace_seconds=reader.get("idle_grace_seconds", float),
            buffered_bytes=reader.get("buffered_bytes", int),
            connections=reader.get("connections", int),
        )


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`common_directory` is the repository's; `environment` is what child processes get.

    A version that left the table keeps its workers for `keep_seconds`, at most `kept_versions` of an
    endpoint, so that a rollback finds them warm.  A worker has `start_seconds` to be ready, and a version
    that never was ready `start_attempts` starts.  What is asked to end has `drain_seconds` to do so.  A
    worker that holds more than `worker_memory_bytes` is replaced.
    """

    common_directory: Path
    listen: str = "127.0.0.1:8080"
    token: str | None = None
    policy: Policy = field(default_factory=Policy)
    environment: Mapping[str, str] = field(default_factory=dict)
    poll_seconds: float = 0.25
    keep_seconds: float = 600.0
    kept_versions: int = 2
    start_seconds: float = 300.0
    start_attempts: int = 3
    drain_seconds: float = 30.0
    health_seconds: float = 1.0
    worker_memory_bytes: int | None = None
    limits: GatewayLimits = field(default_factory=GatewayLimits)
