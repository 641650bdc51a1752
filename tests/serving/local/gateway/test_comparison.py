"""What a gateway counts while two versions are compared, and a version that is withheld."""

from collections.abc import Iterator

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine

from regolo_git.errors import NotFound
from regolo_git.records.routing import Routing
from regolo_git.serving.canary.view import LocalEngine, Observation

HALVES = {"1.0": 0.5, "1.1": 0.5}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """`e` without a candidate, the others with one."""
    registry = FolderRegistry(tmp_path_factory.mktemp("compared") / "registry")
    for version in HALVES:
        registry.version(version, {"serve.py": f"# {version}\n{ECHO}"}, PYTHON)
    registry.endpoint("e", HALVES)
    registry.endpoint("tried", HALVES, candidate="1.1")
    registry.endpoint("tried-by-user", HALVES, routing=Routing(sticky_header="X-User"), candidate="1.1")
    commit = registry.endpoint("withheld", HALVES, candidate="1.1")
    with running_engine(registry) as running:
        for name in ("e", "tried", "tried-by-user", "withheld"):
            running.until_serving(name, commit)
        yield running


def looked(engine: RunningEngine, endpoint: str) -> Observation:
    return LocalEngine(engine.common).look(endpoint)


def added(before: Observation, after: Observation) -> int:
    """The requests of both versions in a block."""
    return sum(
        counts[0] - before.reading.totals.get(version, (0,))[0]
        for version, counts in after.reading.totals.items()
    )


def test_requests_are_compared_unless_they_name_their_version(engine: RunningEngine) -> None:
    before = looked(engine, "tried")
    assert before.traffic == {"1.0": 0.5, "1.1": 0.5}
    path = "/endpoints/tried/invocations"
    for _ in range(12):
        engine.predict([1], path)
    engine.predict([1], path, {"x-regolo-version": "1.1"})
    engine.predict([1], path, {"x-regolo-version": "9.9"})
    after = looked(engine, "tried")
    assert added(before, after) == 12
    assert after.reading.source == before.reading.source
    assert after.reading.time > before.reading.time
    assert (after.failed, after.withheld, after.problem) == ((), None, None)


def test_a_caller_that_sticks_is_compared_once_a_block(engine: RunningEngine) -> None:
    before = looked(engine, "tried-by-user")
    path = "/endpoints/tried-by-user/invocations"
    for number in range(12):
        engine.predict([1], path, {"X-User": f"user {number % 3}"})
    engine.predict([1], path)  # nobody that is known
    middle = looked(engine, "tried-by-user")
    assert added(before, middle) == 4
    engine.predict([1], path, {"X-User": "user 0"})
    assert added(middle, looked(engine, "tried-by-user")) == 1


def test_an_endpoint_without_a_candidate_counts_nothing_more(engine: RunningEngine) -> None:
    engine.predict([1], "/endpoints/e/invocations")
    assert looked(engine, "e").reading.totals == {}
    with pytest.raises(NotFound):
        looked(engine, "nowhere")


def test_a_withheld_version_gets_no_requests_and_can_still_be_named(engine: RunningEngine) -> None:
    LocalEngine(engine.common).withhold("withheld", "1.1")
    assert looked(engine, "withheld").withheld == "1.1"
    path = "/endpoints/withheld/invocations"
    assert {engine.predict([1], path).version for _ in range(20)} == {"1.0"}
    assert engine.predict([1], path, headers={"x-regolo-version": "1.1"}).version == "1.1"
