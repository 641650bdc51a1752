"""The gateway's pages beside predictions: alive, ready, metadata, and what is not there."""

import pytest
from support.running_engine import RunningEngine


def test_the_pages_of_the_inference_protocol_are_there(engine: RunningEngine) -> None:
    assert engine.ask("GET", "/v2").json["name"] == "regolo-git"
    assert engine.ask("GET", "/v2/models/e").json["versions"] == ["1.0", "1.1", "1.2"]
    ready = ("/v2/health/live", "/v2/health/ready", "/v2/models/e/ready", "/v2/models/e/versions/1.2/ready")
    assert {engine.ask("GET", page).status for page in (*ready, "/healthz", "/readyz", "/ping")} == {200}
    assert engine.ask("GET", "/v2/models/nobody").status == 404
    assert engine.ask("GET", "/v2/models/e/versions/9.9/ready").status == 404


@pytest.mark.parametrize(
    "path", ["/endpoints/nobody/invocations", "/v2/models/nobody/infer", "/invocations", "/x"]
)
def test_what_is_not_served_is_not_found(engine: RunningEngine, path: str) -> None:
    assert engine.predict([1], path).status == 404


@pytest.mark.parametrize("path", ["/invocations", "/endpoints/e/invocations", "/v2/models/e/infer"])
def test_a_prediction_is_asked_for_by_post(engine: RunningEngine, path: str) -> None:
    answer = engine.ask("GET", path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
