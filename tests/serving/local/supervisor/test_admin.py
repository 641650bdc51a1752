"""What the operator asks of a running engine, over its admin socket."""

from collections.abc import Iterator

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine

from regolo_git.errors import NotFound, ServingError
from regolo_git.serving.local.admin_client import ask


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """An engine with the endpoint `e` on 1.0."""
    registry = FolderRegistry(tmp_path_factory.mktemp("admin") / "registry")
    registry.version("1.0", {"serve.py": ECHO}, PYTHON)
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        yield engine


def test_the_status_says_what_runs_and_that_nothing_is_wrong(engine: RunningEngine) -> None:
    status = engine.status()
    assert (status["process"], status["problem"], status["gateway_problem"]) == (
        engine.process.pid,
        None,
        None,
    )
    (endpoint,) = status["endpoints"].values()
    assert (endpoint["state"], endpoint["desired_commit"]) == ("serving", endpoint["observed_commit"])
    version = endpoint["versions"]["1.0"]
    assert (version["weight"], version["replicas"], version["ready"], version["problem"]) == (1.0, 1, 1, None)


@pytest.mark.parametrize("window", ["0", "-1", "nan", "inf", "x", ""])
def test_a_window_that_is_no_number_of_seconds_is_refused(engine: RunningEngine, window: str) -> None:
    with pytest.raises(ServingError, match="not a number of seconds"):
        ask(engine.common, "GET", f"/endpoints/e/metrics?window={window}")


def test_an_endpoint_that_is_not_served_has_no_metrics(engine: RunningEngine) -> None:
    with pytest.raises(NotFound, match="'nobody' is not being served"):
        engine.metrics("nobody")


def test_the_gateway_is_replaced_and_the_old_one_leaves(engine: RunningEngine) -> None:
    (before,) = engine.status()["gateways"]
    after = ask(engine.common, "POST", "/replace", seconds=60)["gateways"]
    assert [g["process"] for g in after if not g["retiring"]] != [before["process"]]  # type: ignore[index,union-attr]
    assert engine.predict([1]).status == 200


def test_prometheus_reads_what_the_admin_socket_says(engine: RunningEngine) -> None:
    answer = engine.ask("GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'regolo_replicas_ready{endpoint="e",version="1.0"} 1.0' in answer.body
