"""The options of whoever runs an engine; an engine ignores those it has no use for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.policy import Policy


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Bounds of a gateway: seconds for a request's head, its body, and a client reading a piece of an answer.

    `buffered_bytes` is the total of all large bodies in memory; `idle_grace_seconds` is how long a gateway
    that is being replaced keeps idle connections.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    send_seconds: float = 30.0
    keep_alive_seconds: int = 75
    idle_grace_seconds: float = 5.0
    buffered_bytes: int = 256 << 20
    connections: int = 4096

    def to_json(self) -> dict[str, Json]:
        """The form sent to a gateway."""
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

    Where callers need a `token`, `page` serves the page for it; `page_token` serves the page for that token
    alone, on any address.

    A version that leaves the routing table keeps its workers warm for `keep_seconds`, at most `kept_versions`
    versions of an endpoint, so that a rollback is immediate.  A worker must be ready within `start_seconds`,
    and a version that was never ready gets `start_attempts` attempts.  A process that is to end finishes its
    requests, for as long as their endpoints allow, and has `drain_seconds` for the rest.  A worker that uses
    more than `worker_memory_bytes` is replaced.  With `access_log`, standard error gets a line for each
    request.
    """

    common_directory: Path
    listen: str = "127.0.0.1:8080"
    token: str | None = None
    page: bool = False
    page_token: str | None = None
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
    access_log: bool = False
