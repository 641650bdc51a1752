"""What stands for GitHub's API: the comments of one pull request, and the statuses of commits."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class GitHubApi:
    """Comments by number, and statuses by commit, as they were posted."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, dict[str, Any]]] = []
        self.tokens: set[str] = set()
        self.url = ""

    def add(self, author: str, body: str) -> None:
        self.comments.append({"id": len(self.comments) + 1, "user": {"login": author}, "body": body})


@contextmanager
def github_api() -> Iterator[GitHubApi]:
    """A server on this machine."""
    api = GitHubApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(api.comments if "page=1" in self.path.split("&")[-1] else [])

        def do_POST(self) -> None:
            body = self.body()
            if "/statuses/" in self.path:
                api.statuses.append((self.path.rpartition("/")[2], body))
            else:
                api.add("github-actions[bot]", body["body"])
            self.answer({})

        def do_PATCH(self) -> None:
            number = int(self.path.rpartition("/")[2])
            api.comments[number - 1]["body"] = self.body()["body"]
            self.answer({})

        def body(self) -> dict[str, Any]:
            api.tokens.add(self.headers["Authorization"])
            found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return found

        def answer(self, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's signature
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
