"""Threads of workers: cores by affinity and quota, divided by all replicas."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.routing import Routing
from regolo_git.serving.local.child_process import worker_environment
from regolo_git.serving.local.supervisor.cores import available_cores, replicas_of, threads_for
from regolo_git.serving.policy import ExternalServer, Policy

NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
HERE = float(len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else float(os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("", {}, HERE),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 0.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, HERE),
        ("0::/a/b\n", {"a/cpu.max": "25000 100000\n", "a/b/cpu.max": "max 100000\n"}, 0.25),
        ("0::/of/the/host\n", {"cpu.max": "75000 100000\n"}, 0.75),
        (
            "4:memory:/x\n3:cpu,cpuacct:/y\n",
            {"cpu,cpuacct/y/cpu.cfs_quota_us": "40000\n", "cpu,cpuacct/y/cpu.cfs_period_us": "100000\n"},
            0.4,
        ),
        ("3:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, HERE),
        ("0::/\n", {"cpu.max": "garbage"}, HERE),
        ("0::/\n", {"cpu.max": "9 0"}, HERE),
        ("garbage\n", {}, HERE),
    ],
    ids=range(10),
)
def test_a_quota_of_any_group_above_counts(
    tmp_path: Path, groups: str, files: Mapping[str, str], cores: float
) -> None:
    for name, text in {
        "proc/self/cgroup": groups,
        **{f"sys/fs/cgroup/{k}": v for k, v in files.items()},
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert available_cores(tmp_path) == cores


def test_a_machine_without_control_groups_has_its_cores(tmp_path: Path) -> None:
    assert available_cores(tmp_path) == HERE


@pytest.mark.parametrize(
    ("replicas", "cores", "threads"), [(1, 8, 8), (3, 8, 2), (10, 8, 1), (0, 8, 8), (1, 0.5, 1), (2, 7.9, 3)]
)
def test_replicas_share_the_cores(replicas: int, cores: float, threads: int) -> None:
    assert threads_for(replicas, cores) == threads


def test_every_replica_of_every_version_counts_but_servers_of_the_operator() -> None:
    pinned = PinnedVersion("c" * 40, Digest("sha256", "0" * 64), 3)
    versions = {"1.0": pinned, "1.1": replace(pinned, replicas=2)}
    endpoint = Endpoint("e", "m", None, "local", {"1.0": 1.0, "1.1": 0.0}, versions, Routing())
    policy = Policy(backends={"m@1.0": ExternalServer(("http://localhost:9",), "m")})
    assert replicas_of([endpoint, endpoint], Policy()) == 10
    assert replicas_of([endpoint], policy) == 2
    assert replicas_of([], policy) == 0


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ("4", "4", "4")),
        ({"OMP_NUM_THREADS": "2"}, ("2", "2", "2")),
        ({"OMP_NUM_THREADS": "3,2"}, ("3,2", "3", "3")),
        ({"OMP_NUM_THREADS": "many"}, ("many", "4", "4")),
        ({"MKL_NUM_THREADS": "8"}, ("4", "4", "8")),
    ],
    ids=range(5),
)
def test_the_operators_environment_wins(given: Mapping[str, str], found: tuple[str, ...]) -> None:
    environment = worker_environment(given, (), threads=4)
    assert tuple(environment[name] for name in NAMES) == found
