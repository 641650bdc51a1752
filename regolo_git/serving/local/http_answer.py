"""HTTP responses of our own, sent through ASGI."""

import json
import re
from dataclasses import dataclass

from starlette.types import Send

JSON_TYPE = b"application/json"
# An absolute path with a directory in it: in quotes, where it may have spaces, or as far as a space.
QUOTED_PATH = re.compile(r"""(['"])/[^'"\n]*/([^'"/\n]*)\1""")
PATH = re.compile(r"(?<![\w.:/])/(?:[^\s'\",:;()\[\]/]+/)+([^\s'\",:;()\[\]/]*)")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status, a body, and headers beyond its type and length."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media_type: bytes = JSON_TYPE

    async def send(self, send: Send, *more: tuple[bytes, bytes]) -> None:
        """Sends the response, with more headers."""
        length = b"%d" % len(self.body)
        headers = [(b"content-type", self.media_type), (b"content-length", length), *self.headers, *more]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def error_answer(
    status: int, code: str, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> HttpAnswer:
    """An error for MLflow's clients (`error_code`, `message`) and for those of the V2 protocol (`error`)."""
    body = json.dumps({"error_code": code, "message": message, "error": message}).encode()
    return HttpAnswer(status, without_markup(body), headers)


def without_markup(document: bytes) -> bytes:
    """A JSON document that no program takes for HTML: what a caller has sent may be in it."""
    return document.replace(b"<", b"\\u003c")


def without_paths(text: str) -> str:
    """A message of a library or of a model's code, for callers: of the server's paths only the last part."""
    return PATH.sub(r"\1", QUOTED_PATH.sub(r"\1\2\1", text))
