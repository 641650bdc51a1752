"""The gateway as callers see it, with real workers behind it."""

import json
from collections import Counter

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import RunningEngine, running_engine

pytestmark = pytest.mark.slow


def test_an_invocation_is_answered_by_a_version_that_says_which(engine: RunningEngine) -> None:
    answer = engine.predict([[1, 2.5]], "/endpoints/e/invocations")
    assert (answer.status, answer.json) == (200, {"predictions": [[1, 2.5]]})
    assert answer.version in ("1.0", "1.1")


def test_every_input_form_of_mlflow_is_taken(engine: RunningEngine) -> None:
    records = [{"a": 1, "b": 2}]
    for body in (
        {"dataframe_records": records},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}},
    ):
        answer = engine.ask("POST", "/endpoints/e/invocations", json.dumps(body).encode())
        assert answer.json == {"predictions": records}
    answer = engine.ask("POST", "/endpoints/e/invocations", b'{"instances": [1]}')
    assert answer.json == {"predictions": [1]}


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"{}", b'{"inputs": [], "instances": []}', b"[" * 10**5]
)
def test_a_body_that_makes_no_sense_is_the_callers_mistake(engine: RunningEngine, body: bytes) -> None:
    answer = engine.ask("POST", "/endpoints/e/invocations", body)
    assert (answer.status, answer.json["error_code"]) == (400, "BAD_REQUEST")


def test_the_inference_protocol_is_spoken(engine: RunningEngine) -> None:
    tensor = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1.5, 2.5, 3.5, 4.5]}
    body = json.dumps({"id": "7", "inputs": [tensor]}).encode()
    answer = engine.ask("POST", "/v2/models/e/versions/1.1/infer", body)
    assert answer.json == {"model_name": "e", "model_version": "1.1", "id": "7", "outputs": [tensor]}
    assert answer.version == "1.1"
    assert engine.ask("POST", "/v2/models/e/infer", body).status == 200


def test_the_override_header_reaches_a_version_without_traffic(engine: RunningEngine) -> None:
    for name in ("1.2", "1.2.0", "v1.2"):
        answer = engine.predict([1], "/endpoints/e/invocations", {"x-regolo-version": name})
        assert (answer.status, answer.version) == (200, "1.2")
    answer = engine.predict([1], "/endpoints/e/invocations", {"x-regolo-version": "9.9"})
    assert answer.status == 404


def test_traffic_is_split_by_weight(engine: RunningEngine) -> None:
    seen = Counter(engine.predict([1], "/endpoints/e/invocations").version for _ in range(400))
    assert seen["1.2"] == 0
    assert abs(seen["1.1"] - 40) < 5 * (400 * 0.1 * 0.9) ** 0.5


def test_a_sticky_key_stays_with_its_version(engine: RunningEngine) -> None:
    def ask(user: int) -> list[str | None]:
        body = json.dumps({"inputs": [1], "params": {"user": user}}).encode()
        return [
            engine.predict([1], "/endpoints/sticky/invocations", {"X-User": f"u{user}"}).version,
            engine.predict([1], "/endpoints/cookie/invocations", {"Cookie": f"a=b; user=u{user}"}).version,
            engine.ask("POST", "/endpoints/key/invocations", body).version,
        ]

    first = [ask(user) for user in range(12)]
    assert first == [ask(user) for user in range(12)]
    assert all(len(set(column)) == 2 for column in zip(*first, strict=True))


def test_counters_are_those_of_the_client(engine: RunningEngine) -> None:
    before = engine.metrics("e").version["1.2"]
    for body in (b'{"inputs": [1]}', b"no json", b'{"inputs": [2]}'):
        engine.ask("POST", "/endpoints/e/invocations", body, {"x-regolo-version": "1.2"})
    after = engine.metrics("e").version["1.2"]
    assert after["requests"] - before["requests"] == 3
    assert after["client_errors"] - before["client_errors"] == 1
    assert after["errors"] == before["errors"] == 0
    text = engine.ask("GET", "/metrics").body.decode()
    assert (
        f'regolo_requests_total{{endpoint="e",outcome="ok",version="1.2"}} {after["requests"] - after["client_errors"]}.0'
        in text
    )
    assert 'regolo_requests_total{endpoint="e",outcome="error",version="1.2"} 0.0' in text
    assert 'regolo_traffic_weight{endpoint="e",version="1.0"} 0.9' in text


def test_a_token_is_asked_for_where_one_is_set(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, options={"token": "secret"}, listen="0.0.0.0:0") as engine:
        engine.until_serving("e", commit)
        refused = engine.predict([1])
        assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="regolo-git"')
        for given in ("Bearer wrong", "Bearer", "secret", "Basic secret", "Bearer secret2", "Bearersecret"):
            refused = engine.predict([1], headers={"Authorization": given})
            assert refused.status == 401
            assert refused.headers["www-authenticate"].endswith('error="invalid_token"')
        assert engine.ask("GET", "/metrics").status == 401
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert engine.predict([1], headers={"Authorization": f"{scheme} secret"}).status == 200
        assert engine.ask("GET", "/readyz").status == 200
        # Whoever has the token may call by any name.
        other = {"Host": "models.example", "Origin": "https://evil.example", "Authorization": "Bearer secret"}
        assert engine.predict([1], headers=other).status == 200


def test_the_gateway_stays_small(engine: RunningEngine) -> None:
    for _ in range(50):
        engine.predict([1] * 1000, "/endpoints/e/invocations")
    (gateway,) = engine.status()["gateways"]
    assert gateway["resident_bytes"] < 80_000_000
