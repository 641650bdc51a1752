"""What the operator of an engine chooses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.serving.local.gateway.limits import GatewayLimits
from regolo_git.serving.policy import Policy


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
