"""Snapshots of metrics in Git notes: they add up, whoever else writes notes, and the newest is read."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput
from regolo_git.serving.metrics.notes import NOTES, last_recorded, record
from regolo_git.serving.metrics.values import EndpointMetrics, Measured, summarize

pytestmark = pytest.mark.slow  # CI runs it, too

RECORDING = """
import sys
from regolo_git.api import Registry
from regolo_git.git.notes import append_note
with Registry.open(sys.argv[1]) as registry:
    for number in range(10):
        append_note(registry.handle.git, sys.argv[2], "refs/notes/regolo-metrics", f"{sys.argv[3]} {number}")
"""


@pytest.fixture
def registry(git_repository: Path) -> Registry:
    opened = Registry.init(git_repository)
    opened.register_model("m", b"one")
    opened.create_endpoint("e", "m", "1.0")
    return opened


def measured(requests: int, endpoint: str = "e") -> EndpointMetrics:
    return summarize(
        endpoint, {"1.0": Measured(requests)}, window_seconds=300, source="gateway", commit=None, since=None
    )


def keep(registry: Registry, requests: int) -> None:
    record(registry.handle, registry.get_endpoint("e"), measured(requests))


def requests_recorded(registry: Registry) -> int:
    found = last_recorded(registry.handle, registry.get_endpoint("e"))
    assert found is not None
    return found.version["1.0"]["requests"]


def commit_of(registry: Registry) -> str:
    return registry.get_endpoint("e").versions["1.0"].commit


def test_every_snapshot_stays_and_the_newest_is_read(registry: Registry) -> None:
    for requests in (1, 2, 3):
        keep(registry, requests)
    assert requests_recorded(registry) == 3
    assert (
        len(git(registry.handle.paths.top, "notes", "--ref", NOTES, "show", commit_of(registry)).splitlines())
        == 3
    )
    git(registry.handle.paths.top, "gc", "-q", "--prune=now")
    git(registry.handle.paths.top, "fsck", "--strict")
    assert requests_recorded(registry) == 3


def test_what_was_recorded_is_found_after_the_traffic_has_moved(registry: Registry) -> None:
    keep(registry, 7)
    registry.create_model_version("m", model_data=b"two")
    registry.update_endpoint_traffic("e", {"1.1": 1})
    found = registry.get_endpoint_metrics("e")
    assert (found.source, found.version["1.0"]["requests"]) == ("recorded", 7)
    assert (found.version["1.1"]["requests"], found.version["1.1"]["error_rate"]) == (0, None)


def test_what_somebody_else_wrote_into_the_note_is_not_in_the_way(registry: Registry) -> None:
    keep(registry, 1)
    huge = '{"endpoint": "e", "recorded": "2099-01-01T00:00:00Z", "window_seconds": NaN, "version": {}}'
    for text in (
        huge,
        huge.replace("NaN", "1e999"),
        "looked good on Friday",
        "[]",
        '{"endpoint": "e"}',
        '{"recorded": 3}',
        "3",
    ):
        git(registry.handle.paths.top, "notes", "--ref", NOTES, "append", "-m", text, commit_of(registry))
    assert requests_recorded(registry) == 1
    keep(registry, 2)
    assert requests_recorded(registry) == 2
    assert "looked good on Friday\n" in git(
        registry.handle.paths.top, "notes", "--ref", NOTES, "show", commit_of(registry)
    )


def test_snapshots_of_two_clones_are_merged_by_git(registry: Registry) -> None:
    keep(registry, 1)
    git(registry.handle.paths.top, "update-ref", "refs/notes/theirs", NOTES)
    keep(registry, 2)
    ours = git(registry.handle.paths.top, "rev-parse", NOTES).strip()
    git(registry.handle.paths.top, "update-ref", NOTES, "refs/notes/theirs")
    keep(registry, 3)
    git(registry.handle.paths.top, "notes", "--ref", NOTES, "merge", "-q", "-s", "cat_sort_uniq", ours)
    assert requests_recorded(registry) == 3
    assert (
        len(git(registry.handle.paths.top, "notes", "--ref", NOTES, "show", commit_of(registry)).splitlines())
        == 3
    )


def test_no_line_is_lost_where_several_record_at_once(registry: Registry) -> None:
    top, version = str(registry.handle.paths.top), commit_of(registry)
    other = git(registry.handle.paths.top, "rev-parse", "HEAD").strip()

    def write(name: str, commit: str) -> None:
        subprocess.run([sys.executable, "-c", RECORDING, top, commit, name], check=True)

    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(write, name, commit)
            for name, commit in (("a", version), ("b", version), ("c", other))
        ]
        for job in jobs:
            job.result()
    for commit, wanted in ((version, 20), (other, 10)):
        assert (
            len(git(registry.handle.paths.top, "notes", "--ref", NOTES, "show", commit).splitlines())
            == wanted
        )
    assert git(registry.handle.paths.top, "for-each-ref", "refs/regolo") == ""


def test_what_git_writes_meanwhile_is_not_taken_away(registry: Registry) -> None:
    version, other = commit_of(registry), git(registry.handle.paths.top, "rev-parse", "HEAD").strip()
    top = registry.handle.paths.top
    recording = subprocess.Popen([sys.executable, "-c", RECORDING, str(top), version, "a"])
    written = []
    while recording.poll() is None:
        text = f"by hand {len(written)}."
        command = ["git", "notes", "--ref", NOTES, "append", "-m", text, other]
        # Git waits a tenth of a second for the lock; what it did not write it says.
        if subprocess.run(command, cwd=top, capture_output=True, check=False).returncode == 0:
            written.append(text)
    assert recording.returncode == 0
    assert [
        t for t in written if t not in git(registry.handle.paths.top, "notes", "--ref", NOTES, "show", other)
    ] == []


@pytest.mark.parametrize("window", ["0s", "-1", "abc", "", "5 m", "nan", True, None])
def test_a_window_that_is_none_is_refused_also_of_what_was_recorded(registry: Registry, window: str) -> None:
    keep(registry, 1)
    with pytest.raises(InvalidInput, match="is not a duration"):
        registry.get_endpoint_metrics("e", window, source="recorded")


def test_a_source_that_is_none_is_refused(registry: Registry) -> None:
    with pytest.raises(InvalidInput, match="known: auto, gateway, recorded"):
        registry.get_endpoint_metrics("e", source="prometheus")  # type: ignore[arg-type]
