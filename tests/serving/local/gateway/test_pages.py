"""The gateway's pages beside predictions: alive, ready, metadata, and what is not there."""

import pytest
from support.running_engine import RunningEngine


def test_the_first_page_has_the_names_of_the_endpoints_and_no_more(engine: RunningEngine) -> None:
    names = ["cookie", "e", "key", "narrow", "slow", "small", "sticky"]
    assert engine.ask("GET", "/").json == {"endpoints": names}
    assert engine.ask("GET", "//").json == {"endpoints": names}


def test_the_pages_of_the_inference_protocol_are_there(engine: RunningEngine) -> None:
    server = engine.ask("GET", "/v2").json
    assert server["name"] == "regolo-git"
    assert "binary_tensor_data" in server["extensions"]  # type: ignore[operator]
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


def test_a_slash_at_the_end_of_a_path_makes_no_difference(engine: RunningEngine) -> None:
    headers = {"Host": f"localhost:{engine.port}"}
    assert engine.predict([1], "/endpoints/e/invocations/", headers).json == {"predictions": [1]}
    assert engine.ask("GET", "/v2/health/ready/").status == 200
    for path in ("/x", "/x/", "/endpoints/nobody/invocations/"):
        answer = engine.ask("GET", path, headers={"Host": "localhost"})
        assert answer.status in (404, 405)
        assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/invocations", "/endpoints/e/invocations", "/v2/models/e/infer"])
def test_a_prediction_is_asked_for_by_post(engine: RunningEngine, path: str) -> None:
    answer = engine.ask("GET", path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_the_repository_index_has_every_version_of_every_endpoint(engine: RunningEngine) -> None:
    rows = engine.ask("POST", "/v2/repository/index", b"").json
    assert {"name": "e", "version": "1.2", "state": "READY", "reason": ""} in rows
    assert {row["name"] for row in rows} == {"e", "sticky", "cookie", "key", "slow", "narrow", "small"}  # type: ignore[index]
    assert engine.ask("POST", "/v2/repository/index", b'{"ready": true}').json == rows
    for body in (b"[]", b"no json", b'{"a": "' + b"x" * 70_000 + b'"}'):
        assert engine.ask("POST", "/v2/repository/index", body).status == 400


def test_a_models_configuration_is_that_of_a_worker(engine: RunningEngine) -> None:
    for path in ("/v2/models/e/config", "/v2/models/e/versions/1.1/config"):
        config = engine.ask("GET", path).json
        assert (config["name"], config["platform"], config["max_batch_size"]) == ("e", "python", 0)
    assert engine.ask("GET", "/v2/models/nobody/config").status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/v2/repository/models/e/load", 404),
        ("GET", "/v2/repository/index", 405),
        ("GET", "/v2/models/nobody", 404),
        ("GET", "/v2/models/e/stats", 404),
        ("GET", "/v2/models/e/infer", 405),
        ("PUT", "/v2", 405),
    ],
)
def test_every_error_can_be_parsed(engine: RunningEngine, method: str, path: str, status: int) -> None:
    answer = engine.ask(method, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json.keys() == {"error_code", "message", "error"}
