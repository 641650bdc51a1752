"""The page's check of its visitors, its files, and `/docs`, asked for in this process."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.running_engine import Answer

from regolo_git.records.json_reader import Json
from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.application import Gateway
from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.local.gateway.page.described import Described, Tensor
from regolo_git.serving.local.gateway.page.docs_html import docs_html
from regolo_git.serving.local.gateway.page.example_calls import example_calls
from regolo_git.serving.local.gateway.page.openapi import openapi
from regolo_git.serving.local.gateway.page.paths import (
    DATA,
    DOCS,
    FILES,
    MAY_ADVANCE,
    MUST_ROLL_BACK,
    OPENAPI,
    PAGE_PATHS,
)
from regolo_git.serving.local.gateway.pages import Pages
from regolo_git.serving.local.gateway.upstream import Upstream
from regolo_git.serving.options import GatewayLimits, ServeOptions
from regolo_git.serving.policy import Policy

HOST = {"host": "127.0.0.1:8080"}
SECRETS = (DATA, OPENAPI)
SCRIPT = "<script>alert(1)</script>"


def ask(options: ServeOptions, path: str, headers: dict[str, str] | None = None) -> Answer:
    """The answer of a gateway that serves nothing, and whose supervisor is away."""
    access = Access.of(options)
    gateway = Gateway(LiveTable(), GatewayLimits(), access)
    gateway.pages = Pages(gateway, Path("/nowhere/admin.sock"), access, "1.2.3").application()
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    given = [(name.encode(), value.encode()) for name, value in (HOST | (headers or {})).items()]
    method = "POST" if path in (MAY_ADVANCE, MUST_ROLL_BACK) else "GET"
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": given, "http_version": "1.1", "scheme": "http", "server": None, "root_path": ""}
    asyncio.run(gateway(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], body, {name.decode(): v.decode() for name, v in sent[0]["headers"]})


def options(**given: object) -> ServeOptions:
    return ServeOptions(Path(), **given)


# -- visitors ---------------------------------------------------------------------------------------------


def test_on_the_loopback_interface_everybody_sees_the_page() -> None:
    for path in (*FILES, DOCS, OPENAPI):
        assert ask(options(), path).status == 200
    assert ask(options(), DATA).status == 503, "the supervisor is away"


@pytest.mark.parametrize("path", sorted(PAGE_PATHS))
def test_every_answer_has_a_strict_policy(path: str) -> None:
    headers = ask(options(), path).headers
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "models.example"},
        {"x-forwarded-for": "10.0.0.9"},
        {"forwarded": "for=10.0.0.9"},
        {"origin": "https://app.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
    ids=lambda headers: "-".join(headers.values()),
)
def test_neither_a_proxy_nor_another_site_sees_it(headers: dict[str, str]) -> None:
    """Not even by a name, and from a site, that the operator lets call the models."""
    policy = Policy(hosts=("models.example",), origins=("https://app.example",))
    for path in sorted(PAGE_PATHS):
        answer = ask(options(policy=policy), path, headers)
        assert (answer.status, answer.headers["content-type"]) == (403, "application/json")
    assert ask(options(policy=policy), "/", headers).status == 200


def test_a_link_of_another_site_leads_to_the_page() -> None:
    came = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert ask(options(), "/page", came).status == 200


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "0.0.0.0:8080"])
def test_where_callers_need_a_token_there_is_no_page_by_default(listen: str) -> None:
    closed, token = options(listen=listen, token="secret"), {"authorization": "Bearer secret"}
    for path in sorted(PAGE_PATHS):
        assert ask(closed, path).status == 401
        assert ask(closed, path, token).status == 404


@pytest.mark.parametrize(
    ("given", "token"),
    [
        ({"token": "callers", "page": True}, "callers"),
        ({"token": "callers", "page_token": "operators"}, "operators"),
        ({"token": "callers", "page": True, "page_token": "operators"}, "operators"),
        ({"page_token": "operators"}, "operators"),
    ],
    ids=["callers", "own", "both", "loopback"],
)
def test_the_operator_opens_it_for_a_token(given: dict[str, object], token: str) -> None:
    opened, right = options(**given), {"authorization": f"Bearer {token}", "host": "models.example"}
    if "token" not in given:
        right.pop("host")
    for wrong in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": token},
    ):
        assert {ask(opened, path, wrong).status for path in SECRETS} == {401}
        assert {ask(opened, path, wrong).status for path in FILES} == {200}, "which have no secrets"
        asked = ask(opened, DOCS, wrong)
        assert (asked.status, asked.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert 'id="sign-in"' in asked.body.decode()
    assert ask(opened, DATA, right).status == 503
    assert "How to call" in ask(opened, DOCS, right).body.decode()
    assert ask(opened, OPENAPI, right).json["info"] == {"title": "Served models", "version": "1.2.3"}


def test_the_token_of_callers_is_not_that_of_the_page() -> None:
    apart = options(token="callers", page_token="operators")
    assert ask(apart, DATA, {"authorization": "Bearer callers"}).status == 401
    assert ask(apart, "/", {"authorization": "Bearer callers"}).status == 200
    assert ask(apart, "/", {"authorization": "Bearer operators"}).status == 401


def test_a_host_of_ones_own_choice_changes_no_path() -> None:
    odd = {"authorization": "Bearer t", "host": "x/page/page.css?"}
    assert (
        ask(options(page_token="t", token="t"), "/page/page.css", odd)
        .headers["content-type"]
        .startswith("text/css")
    )


def test_access_reaches_the_gateway_as_it_is() -> None:
    from regolo_git.records.json_reader import JsonReader

    for given in ({}, {"token": "t"}, {"token": "t", "page": True}, {"token": "t", "page_token": "p"}):
        access = Access.of(options(**given))
        assert Access.read(JsonReader.of(json.loads(json.dumps(access.to_json())), "it")) == access


# -- files ------------------------------------------------------------------------------------------------


def test_the_page_asks_no_other_server_for_anything() -> None:
    for path, (name, media_type) in FILES.items():
        answer = ask(options(), path)
        assert answer.headers["content-type"].partition(";")[0] == media_type, name
        text = answer.body.decode().replace("http://www.w3.org/2000/svg", "")
        found = [line for line in text.splitlines() if "http://" in line or "https://" in line]
        assert [line for line in found if not line.startswith("/*! https://github.com/leeoniya/uPlot")] == []


def test_the_page_has_no_script_and_no_style_of_its_own() -> None:
    page = ask(options(), "/page").body.decode()
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=') == 2


def test_the_licence_of_the_library_that_draws_is_there() -> None:
    place = Path(sys.modules[Upstream.__module__].__file__ or "").parent / "page" / "static"
    assert "The MIT License" in (place / "uplot.LICENSE").read_text()


# -- how each endpoint is called --------------------------------------------------------------------------

ADDRESS = "http://127.0.0.1:8080"
HOSTILE = Tensor(f"'; touch pwned; {SCRIPT} \"$(x)`y`\\", "FP32", (-1, 2))


def body_of(described: Described, tmp_path: Path) -> Json:
    """What the last command for an endpoint sends, run by a shell whose `curl` only shows what it gets."""
    command = example_calls(described, ADDRESS, needs_token=False)[-1].command
    shim = 'curl() { for last; do :; done; if [ "$last" = "@-" ]; then cat; else printf %s "$last"; fi; }\n'
    done = subprocess.run(
        ["sh", "-c", shim + command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert list(tmp_path.iterdir()) == []
    return json.loads(done.stdout)


def test_a_command_sends_every_input_of_the_model(tmp_path: Path) -> None:
    inputs = (HOSTILE, Tensor("flag", "BOOL", (1,)), Tensor("text", "BYTES", (-1,)), Tensor("n", "INT64", ()))
    assert body_of(Described("e", inputs), tmp_path) == {
        "inputs": [
            {"name": HOSTILE.name, "shape": [1, 2], "datatype": "FP32", "data": [0.5, 0.5]},
            {"name": "flag", "shape": [1], "datatype": "BOOL", "data": [False]},
            {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["text"]},
            {"name": "n", "shape": [], "datatype": "INT64", "data": [0]},
        ]
    }


def test_a_large_input_is_written_by_a_program(tmp_path: Path) -> None:
    image = Tensor(HOSTILE.name, "FP32", (-1, 3, 16, 16))
    sent = body_of(Described("e", (image,)), tmp_path)
    assert sent == {
        "inputs": [{"name": HOSTILE.name, "shape": [1, 3, 16, 16], "datatype": "FP32", "data": [0.5] * 768}]
    }


def test_the_request_of_the_warm_up_comes_first(tmp_path: Path) -> None:
    warmup = {"inputs": [["it's fine", SCRIPT]]}
    assert body_of(Described("e", example=warmup), tmp_path) == warmup
    first, second = example_calls(Described("e", (HOSTILE,), example=warmup), ADDRESS, needs_token=True)
    assert "/endpoints/e/invocations" in first.command
    assert "/v2/models/e/infer" in second.command
    assert 'Authorization: Bearer $TOKEN"' in first.command
    assert shlex.split(first.command)[:2] == ["curl", "-sS"]
    too_long = {"inputs": ["x" * 5000]}
    assert (
        "mlflow"
        in example_calls(Described("e", example=too_long), ADDRESS, needs_token=False)[0].title.lower()
    )


def test_what_comes_from_the_model_is_text_in_the_page() -> None:
    described = Described(
        "e", (Tensor(SCRIPT, SCRIPT, (-1, 2)),), (), {"inputs": [SCRIPT, "\u202e"]}, f"{SCRIPT} is busy"
    )
    page = docs_html([described], f"http://{SCRIPT}", needs_token=False, links=True)
    assert SCRIPT not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "any by 2" in page
    assert '<a href="/v2/models/e">' in page
    assert '<a href="/v2' not in docs_html([described], ADDRESS, needs_token=True, links=False)


def test_the_document_describes_every_call() -> None:
    known = Described(
        "known", (Tensor("x", "FP32", (-1, 2)),), (Tensor("y", "INT64", (-1,)),), {"inputs": [1]}
    )
    document = openapi([known, Described("open")], ADDRESS, "1", needs_token=True)
    paths = document["paths"]
    assert isinstance(paths, dict)
    assert set(paths) == {
        f"/{path}"
        for name in ("known", "open")
        for path in (f"endpoints/{name}/invocations", f"v2/models/{name}/infer", f"v2/models/{name}")
    }
    infer = paths["/v2/models/known/infer"]["post"]  # type: ignore[index,call-overload]
    inputs = infer["requestBody"]["content"]["application/json"]["schema"]["properties"]["inputs"]
    assert inputs["items"]["oneOf"][0]["properties"]["name"] == {"const": "x"}
    assert document["security"] == [{"token": []}]
