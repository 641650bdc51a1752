"""A client of a running engine's admin socket, with the standard library alone."""

import http.client
import json
import socket
from pathlib import Path

from regolo_git.errors import NotFound, ServingError
from regolo_git.hints import Hint
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

ANSWER_SECONDS = 10.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    common_directory: Path, method: str, path: str, *, seconds: float = ANSWER_SECONDS
) -> dict[str, Json]:
    """The engine's answer.  Raises NotFound if nothing serves the registry, ServingError."""
    connection = _UnixConnection(RuntimeDirectory.of(common_directory).admin_socket, seconds)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        document = json.loads(answer.read())
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotFound("no server is running for this registry", Hint("serve")) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ServingError("the engine does not answer on its admin socket") from error
    finally:
        connection.close()
    if not isinstance(document, dict):
        raise ServingError("the engine sent an invalid answer")
    if answer.status == 404:
        raise NotFound(str(document.get("error")), Hint("endpoint list"))
    if answer.status >= 400:
        raise ServingError(str(document.get("error")))
    return document
