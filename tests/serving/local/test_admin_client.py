"""Asking a running engine from another process: what is missing, what is broken, what it refuses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regolo_git.errors import NotFound, ServingError
from regolo_git.serving.local.admin_client import ask
from regolo_git.serving.local.runtime_directory import RuntimeDirectory


@contextmanager
def answering(common: Path, answer: bytes) -> Iterator[None]:
    """Something that listens where an engine would, and says one thing."""
    directory = RuntimeDirectory.of(common)
    with directory.owned(), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(directory.admin_socket))
        listener.listen(1)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def http(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_the_answer_is_an_object(tmp_path: Path) -> None:
    with answering(tmp_path, http(200, b'{"head": null}')):
        assert ask(tmp_path, "GET", "/status") == {"head": None}


def test_where_nothing_listens_nothing_serves(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no server is running for this registry"):
        ask(tmp_path, "GET", "/status")


def test_a_socket_that_a_killed_engine_left_is_not_an_engine(tmp_path: Path) -> None:
    directory = RuntimeDirectory.of(tmp_path)
    with directory.owned():
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(str(directory.admin_socket))
        with pytest.raises(NotFound):
            ask(tmp_path, "GET", "/status")


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", http(200, b"no json"), http(200, b"[]")])
def test_what_does_not_answer_as_an_engine_does_is_an_error(tmp_path: Path, answer: bytes) -> None:
    with (
        answering(tmp_path, answer),
        pytest.raises(ServingError, match=r"does not answer|sent an invalid answer"),
    ):
        ask(tmp_path, "GET", "/status")


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (400, ServingError), (500, ServingError)])
def test_what_the_engine_refuses_is_said_in_its_words(
    tmp_path: Path, status: int, kind: type[Exception]
) -> None:
    with (
        answering(tmp_path, http(status, b'{"error": "for a reason"}')),
        pytest.raises(kind, match="for a reason"),
    ):
        ask(tmp_path, "POST", "/replace")
