"""How many threads each worker may use: the cores of this machine, divided by the replicas on it.

Numeric libraries start a thread for each core that they see, in each worker.  With as many threads as cores
in every replica, they take the cores from one another; with one thread in each, a version with a single
replica leaves the others unused.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from regolo_git.records.endpoint import Endpoint
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.serving.policy import Policy

ROOT = Path("/")


def available_cores(root: Path = ROOT) -> float:
    """The cores that this process may use: by its affinity, and by the quotas of its control groups."""
    quotas = [quota for quota in _quotas(root) if quota > 0]
    return min([float(_affinity()), *quotas])


def threads_for(replicas: int, cores: float) -> int:
    """The threads of each of some replicas, at least one; rounded down, since the gateway computes, too."""
    return max(1, int(cores / max(1, replicas)))


def replicas_of(endpoints: Iterable[Endpoint], policy: Policy) -> int:
    """The workers of all versions of some endpoints; the operator's own servers are none."""
    return sum(
        pinned.replicas
        for endpoint in endpoints
        for version, pinned in endpoint.versions.items()
        if str(Reference.of(endpoint.model, Version.parse(version))) not in policy.backends
    )


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """The quotas in cores of this process's control groups and those above; in a container, of its own."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number != "0" and "cpu" not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / controllers
        own = top / path.strip("/")
        for group in {own, *own.parents, top}:
            if group.is_relative_to(top):
                yield _quota(group)


def _quota(group: Path) -> float:
    """The quota of one group, version 2 or 1; -1 without one."""
    try:
        if (group / "cpu.max").exists():
            allowed, period = (group / "cpu.max").read_text().split()
        else:
            allowed = (group / "cpu.cfs_quota_us").read_text()
            period = (group / "cpu.cfs_period_us").read_text()
        return int(allowed) / int(period) if allowed != "max" else -1.0
    except (OSError, ValueError, ZeroDivisionError):
        return -1.0
