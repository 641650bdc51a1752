"""The gateway's pages beside predictions: alive, ready, metadata, and what is not there."""

import json
import math

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
        ("GET", "/v2/models/%3Cscript%3Ealert(1)%3C/script%3E", 404),
    ],
)
def test_every_error_can_be_parsed(engine: RunningEngine, method: str, path: str, status: int) -> None:
    answer = engine.ask(method, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json.keys() == {"error_code", "message", "error"}
    assert b"<" not in answer.body, "no program takes it for HTML"


# -- the page ---------------------------------------------------------------------------------------------


def test_the_page_has_the_split_and_the_rates_of_an_endpoint(engine: RunningEngine) -> None:
    for _ in range(5):
        assert engine.predict([1], "/endpoints/e/invocations").status == 200
    found = engine.ask("GET", "/page/data.json?endpoint=e&window=900").json
    assert found["endpoints"] == ["cookie", "e", "key", "narrow", "slow", "small", "sticky"]
    endpoint = found["endpoint"]
    assert isinstance(endpoint, dict)
    assert {version: held["weight"] for version, held in endpoint["metrics"].items()} == {
        "1.0": 0.9,
        "1.1": 0.1,
        "1.2": 0.0,
    }
    assert sum(held["requests"] for held in endpoint["metrics"].values()) >= 5
    assert endpoint["state"]["versions"]["1.0"]["ready"] == 1
    assert (endpoint["canary"], endpoint["changes"]["events"]) == (None, [])
    series = endpoint["series"]
    assert len(series["time"]) <= 180
    assert series["step_seconds"] == 5
    for held in series["versions"].values():
        assert {len(column) for column in held.values()} == {len(series["time"])}


def test_without_a_name_the_page_has_the_first_endpoint(engine: RunningEngine) -> None:
    found = engine.ask("GET", "/page/data.json").json
    assert found["endpoint"]["name"] == "cookie"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("endpoint=%3Cscript%3Ealert(1)%3C/script%3E", 404),
        ("endpoint=", 404),
        ("endpoint=..%2f..%2fetc%2fpasswd", 404),
        ("endpoint=e&window=1", 400),
        ("endpoint=e&window=9" + "9" * 5000, 400),
        ("endpoint=e&window=nan", 400),
    ],
    ids=["script", "empty", "path", "short", "huge", "nan"],
)
def test_what_the_page_does_not_have_is_an_error(engine: RunningEngine, query: str, status: int) -> None:
    answer = engine.ask("GET", f"/page/data.json?{query}")
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert list(answer.json) == ["error"]
    assert b"<" not in answer.body


def test_the_page_shows_the_canary_and_the_commits_without_what_could_harm(engine: RunningEngine) -> None:
    """The evidence is what another process writes; messages are what anybody commits."""
    evidence = engine.common / "regolo" / "serving" / "canary" / "key.json"
    evidence.parent.mkdir(exist_ok=True)
    changes = engine.common.parent / "registry" / "changes.json"

    def shown(text: str | None) -> dict:
        if text is not None:
            evidence.write_text(text)
        return engine.ask("GET", f"/page/data.json?endpoint=key&window={next(windows)}").json["endpoint"]  # type: ignore[index,return-value,call-overload]

    # Each window has an answer of its own: the same question within a second gets the same answer.
    windows = iter((900, 3600, 86400))
    changes.write_text(json.dumps([["traffic", "Eve \u202e", "<script>alert(1)</script>\x1b[31m"]] * 40))
    waits = "the push is refused\x1b[2J\ud800"
    document = {"format": 1, "waiting": waits, "metrics": [{"log_evidence": math.nan}], "decision": {"a": 1}}
    try:
        endpoint = shown(json.dumps(document))
        assert endpoint["canary"] == {
            "format": 1,
            "waiting": "the push is refused\\x1b[2J\\ud800",
            "metrics": [{"log_evidence": None}],
            "is_fresh": True,
        }
        events = endpoint["changes"]["events"]
        assert len(events) == 30
        assert (events[0]["by"], events[0]["traffic"]) == ("Eve \\u202e", {"1.0": 0.5, "1.1": 0.5})
        assert events[0]["message"] == "<script>alert(1)</script>\\x1b[31m"
        assert shown('{"format": 1, ')["canary"] == {"problem": "the evidence of the canary cannot be read"}
        assert shown('{"format": 2}')["canary"] == {
            "problem": "the evidence of the canary is of another release"
        }
    finally:
        changes.unlink()
        evidence.unlink()


def test_the_docs_have_a_command_for_each_endpoint(engine: RunningEngine) -> None:
    page = engine.ask("GET", "/docs").body.decode()
    for name in ("cookie", "e", "key", "narrow", "slow", "small", "sticky"):
        assert f"curl -sS {engine.address}/endpoints/{name}/invocations" in page
    assert engine.ask("GET", "/docs/openapi.json").json["openapi"] == "3.1.0"
