"""The access log: a line for each request, and no request held up or harmed by it."""

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest
from starlette.types import Message, Receive, Scope, Send
from support.folder_source import FolderRegistry
from support.running_engine import running_engine

from regolo_git.serving.local.gateway.access_log import MOST_WAITING, AccessLog, Logged

Header = tuple[bytes, bytes]


def answering(scope_endpoint: str, *parts: Message) -> Callable:
    async def application(scope: Scope, _: Receive, send: Send) -> None:
        scope["served"] = scope_endpoint
        for part in parts:
            await send(part)

    return application


def logged(application: Callable, headers: Iterable[Header] = (), path: bytes = b"/x") -> tuple[str, list]:
    """The line for one request, and what was sent."""
    reading, writing = os.pipe()
    log, sent = AccessLog(writing), []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": path,
        "path": "/x",
        "client": ("127.0.0.1", 7),
        "headers": [*headers],
    }
    with suppress(asyncio.CancelledError):
        asyncio.run(Logged(application, log)(scope, None, send))
    log.end()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode("ascii"), sent


def start(status: int, *headers: Header) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_a_line_has_what_was_asked_and_answered() -> None:
    parts = start(200, (b"x-model-version", b"1.0")), body(b"abc", more=True), body(b"de")
    line, sent = logged(
        answering("e", *parts), [(b"x-request-id", b"mine-1")], b"/endpoints/e/invocations?k=v"
    )
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1 POST /endpoints/e/invocations 200 e@1\.0 "
        r"\d+\.\d{4} 5 mine-1\n",
        line,
    )
    assert sent[0]["headers"] == [(b"x-model-version", b"1.0"), (b"x-request-id", b"mine-1")]


def test_hostile_text_is_inert_and_an_identifier_of_several_fields_is_replaced() -> None:
    path = b"/a\x1b[31m b\r\nc\xff" + b"x" * 1000
    line, sent = logged(answering("e", start(404), body(b"")), [(b"x-request-id", b"a b\n")], path)
    fields = line.split(" ")
    assert len(fields) == 9
    assert line.count("\n") == 1
    assert fields[3] == "/a?[31m?b??c?" + "x" * 287
    assert re.fullmatch(r"[0-9a-f]{16}\n", fields[8])
    assert sent[0]["headers"] == [(b"x-request-id", fields[8].strip().encode())]


@pytest.mark.parametrize(
    ("parts", "status"), [((), "-"), ((start(200), body(b"abc", more=True)), "200+")], ids=["none", "part"]
)
def test_an_answer_that_is_not_whole_is_shown(parts: tuple[Message, ...], status: str) -> None:
    async def leaving(scope: Scope, receive: Receive, send: Send) -> None:
        await answering("e", *parts)(scope, receive, send)
        raise asyncio.CancelledError

    assert logged(leaving)[0].split(" ")[4:6] == [status, "-"]


def test_nobody_who_reads_holds_up_nothing_and_the_lost_are_counted() -> None:
    reading, writing = os.pipe()
    log = AccessLog(writing)
    for _ in range(MOST_WAITING + 3000):
        log.add(b"x" * 99)
    text, told = b"", 0
    while told < MOST_WAITING + 3000:
        text += os.read(reading, 1 << 16)
        lost = sum(map(int, re.findall(rb"- - (\d+) requests have no line", text)))
        told = text.count(b"x" * 99 + b"\n") + lost
    assert told == MOST_WAITING + 3000
    assert lost > 0
    log.end()
    os.close(writing)
    os.close(reading)


def test_a_closed_or_full_output_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = AccessLog(writing)
    log.add(b"nobody")
    log.end()
    os.close(writing)
    full = os.open("/dev/full", os.O_WRONLY)
    log = AccessLog(full)
    log.add(b"nobody")
    log.end()
    os.close(full)


@pytest.mark.slow
def test_a_server_logs_pages_predictions_and_refusals(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, options={"access_log": True}) as engine:
        engine.until_serving("e", commit)
        answers = [
            engine.ask("GET", "/healthz"),
            engine.predict([1], headers={"x-request-id": "r-1"}),
            engine.ask("GET", "/v2/models/e"),
            engine.ask("POST", "/endpoints/none/invocations?token=secret", b"{}"),
            engine.ask("GET", "/healthz", headers={"Host": "elsewhere.example"}),
        ]
        said = engine.stop()
    lines = [line.split(" ") for line in said.splitlines() if " 127.0.0.1 " in line]
    assert [line[2:6] for line in lines] == [
        ["GET", "/healthz", "200", "-"],
        ["POST", "/invocations", "200", "e@1.0"],
        ["GET", "/v2/models/e", "200", "-"],
        ["POST", "/endpoints/none/invocations", "404", "-"],
        ["GET", "/healthz", "200", "-"],
    ]
    assert lines[1][8] == "r-1"
    assert [line[8] for line in lines] == [answer.headers["x-request-id"] for answer in answers]
    assert [int(line[7]) for line in lines] == [len(answer.body) for answer in answers]
