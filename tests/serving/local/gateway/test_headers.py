"""Headers: those of one connection stay on it, the gateway's token stays here, the caller's own go on."""

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
    (b"content-type", b"application/json"),
    (b"content-length", b"3"),
    (b"server", b"uvicorn"),
    (b"x-model-version", b"9"),
    (b"set-cookie", b"a"),
    (b"set-cookie", b"b"),
]


def test_the_callers_own_headers_go_on_and_the_token_does_not() -> None:
    assert request_headers(SENT, keep_authorization=False) == [(b"x-user", b"\xe9"), (b"x-user", b"2")]
    assert (b"authorization", b"Bearer secret") in request_headers(SENT, keep_authorization=True)


def test_the_workers_headers_go_back_without_those_that_are_ours_to_say() -> None:
    kept = [(b"content-type", b"application/json"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert answer_headers(ANSWERED, with_length=False) == kept
    assert answer_headers(ANSWERED, with_length=True) == [*kept, (b"content-length", b"3")]


def test_a_header_is_the_first_of_its_name() -> None:
    assert header(SENT, b"x-user") == b"\xe9"
    assert header(SENT, b"x-none") is None
