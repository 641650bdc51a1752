"""Git repositories over HTTP: `git http-backend` behind basic auth, as a Git host has it."""

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

USER, PASSWORD = "ada", "s3cr:et/p@ss"


class Seen(NamedTuple):
    """A request that was answered, and the bytes of the answer."""

    method: str
    path: str
    answer: int


class GitHttp:
    """Serves the bare repositories below a directory; counts the answers, or gives none of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: list[Seen] = []
        self.status: int | None = None  # of every answer, instead of the backend's
        self.knows_protocol_2 = True
        self.user, self.password = USER, PASSWORD
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"127.0.0.1:{self._server.server_port}"

    def url(self, top: Path, user: str = "") -> str:
        return f"http://{user}{self.address}/{top.relative_to(self.root)}"

    @contextmanager
    def running(self) -> Iterator["GitHttp"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Bodies(BaseHTTPRequestHandler):
    """Reads what a client sends, in chunks too."""

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)


def _handler(server: GitHttp) -> type[BaseHTTPRequestHandler]:
    class Handler(_Bodies):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.read_body())

        def _answer(self, body: bytes) -> None:
            wanted = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
            if server.status is not None:
                self._send(server.status, [("Content-Type", "text/plain")], b"no\n")
            elif self.headers.get("Authorization") != f"Basic {wanted}":
                self._send(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
            else:
                headers = {name.lower(): value for name, value in self.headers.items()}
                if not server.knows_protocol_2:
                    headers.pop("git-protocol", None)
                self._send(*_backend(server.root, self.command, self.path, headers, body))

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            server.seen.append(Seen(self.command, self.path, len(body)))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _backend(
    root: Path, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer of `git http-backend`, called as CGI."""
    place, _, query = path.partition("?")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "GIT_CONFIG_NOSYSTEM": "1",
        "REQUEST_METHOD": method, "PATH_INFO": place, "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("content-type", ""), "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""), "REMOTE_USER": USER, "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    program = shutil.which("git", path="/usr/bin:/usr/local/bin") or "git"
    done = subprocess.run(
        [program, "http-backend"], input=body, capture_output=True, check=False, env=environment
    )
    head, _, answer = done.stdout.partition(b"\r\n\r\n")
    lines = [line.decode().partition(": ") for line in head.split(b"\r\n") if line]
    found = [(name, value) for name, _, value in lines]
    status = next((int(value.split()[0]) for name, value in found if name == "Status"), 200 if found else 500)
    return status, [(name, value) for name, value in found if name != "Status"], answer
