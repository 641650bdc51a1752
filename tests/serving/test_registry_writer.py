"""Who may change the traffic: a `Writer`, each change one commit that a `Source` reads."""

import os
from pathlib import Path

import pytest
from support.running_registry import ServedRegistry

from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.registry.handle import Handle
from regolo_git.serving.desired import Source, Writer
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.serving.registry_writer import RegistryWriter


@pytest.fixture
def served(tmp_path: Path) -> ServedRegistry:
    served = ServedRegistry(tmp_path / "registry")
    for version in ("1.0", "1.1", "1.2"):
        served.version(version)
    served.endpoint("1.0")
    return served


@pytest.fixture
def source(served: ServedRegistry, tmp_path: Path) -> Source:
    return RegistrySource(lambda: Handle.open(served.top, os.environ), tmp_path / "artifacts")


@pytest.fixture
def writer(served: ServedRegistry) -> Writer:
    return RegistryWriter(served.registry.handle)


def test_a_split_that_was_written_is_what_a_source_reads(source: Source, writer: Writer) -> None:
    before = source.head()
    written = writer.set_traffic("e", {"1.0": 90, "1.1": 10}, replicas={"1.1": 2}, message="try 1.1").made
    after = source.head()
    assert after != before
    read = source.endpoints(after).by_name["e"]
    assert (read.traffic, read.versions["1.1"].replicas) == ({"1.0": 0.9, "1.1": 0.1}, 2)
    assert read == written


@pytest.mark.parametrize(
    ("weights", "kind"),
    [({"1.0": 1.0}, Conflict), ({"1.0": 50}, InvalidInput), ({"9.9": 1.0}, NotFound)],
)
def test_a_split_that_is_refused_is_no_commit(
    source: Source, writer: Writer, weights: dict[str, float], kind: type[Exception]
) -> None:
    before = source.head()
    with pytest.raises(kind):
        writer.set_traffic("e", weights)
    assert source.head() == before


def test_a_rollback_says_which_good_versions_it_skipped(served: ServedRegistry, writer: Writer) -> None:
    for version in ("1.1", "1.2"):
        writer.set_traffic("e", {version: 1.0})
    served.registry.retire_model_version("m", "1.1", reason="leaks")
    done = writer.roll_back("e").made
    assert done.endpoint.traffic == {"1.0": 1.0}
    assert len(done.skipped) == 1
    assert "'m@1.1' is retired" in done.skipped[0]
    assert writer.roll_back("e", "1.2").made.skipped == ()
