"""Headers: those of one connection stay on it, the gateway's token stays here, the caller's own go on."""

from types import SimpleNamespace

from regolo_git.serving.local.gateway.headers import answer_headers, header, request_headers

SENT = [
    (b"host", b"x"),
    (b"connection", b"keep-alive"),
    (b"content-length", b"3"),
    (b"authorization", b"Bearer secret"),
    (b"x-user", b"\xe9"),
    (b"x-user", b"2"),
]
ANSWERED = [
    (b"Content-Type", b"application/json"),
    (b"Content-Length", b"3"),
    (b"Server", b"uvicorn"),
    (b"X-Model-Version", b"9"),
    (b"Set-Cookie", b"a"),
    (b"Set-Cookie", b"b"),
]


def test_the_callers_own_headers_go_on_and_the_token_does_not() -> None:
    assert request_headers(SENT, keep_authorization=False) == [("x-user", "é"), ("x-user", "2")]
    assert ("authorization", "Bearer secret") in request_headers(SENT, keep_authorization=True)


def test_the_workers_headers_go_back_without_those_that_are_ours_to_say() -> None:
    response = SimpleNamespace(raw_headers=ANSWERED)
    kept = [(b"content-type", b"application/json"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert answer_headers(response, with_length=False) == kept  # type: ignore[arg-type]
    assert answer_headers(response, with_length=True) == [*kept, (b"content-length", b"3")]  # type: ignore[arg-type]


def test_a_header_is_the_first_of_its_name() -> None:
    assert header(SENT, b"x-user") == b"\xe9"
    assert header(SENT, b"x-none") is None
