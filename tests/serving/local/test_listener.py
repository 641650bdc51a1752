"""Where the engine listens: addresses as people type them, and what accepted connections inherit."""

import socket

import pytest

from regolo_git.errors import InvalidInput, ServingError
from regolo_git.serving.local.listener import address_of, is_loopback, listen, parse_listen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:0", ("::1", 0)),
        ("8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_reads_host_and_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_listen(text) == expected


@pytest.mark.parametrize("text", ["", "here", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:٣"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="HOST:PORT"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_only_a_loopback_address_is_this_machines_alone(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


def test_an_accepted_connection_answers_without_waiting_for_an_acknowledgement() -> None:
    # Without TCP_NODELAY every answer after the first on a kept connection comes 41 ms late, and a server that
    # is handed a descriptor does not set it.
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_socket_is_handed_to_child_processes() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.get_inheritable()
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_address_that_is_taken_or_elsewhere_is_an_error() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(ServingError, match="cannot listen on"):
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(InvalidInput):
        listen("no such host.invalid", 0)
