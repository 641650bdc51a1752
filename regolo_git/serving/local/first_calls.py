"""A command that calls each endpoint, for whoever has just started a server to try a version."""

import http.client
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.admin_client import ask
from regolo_git.serving.local.gateway.page.described import Described, Tensor
from regolo_git.serving.local.gateway.page.example_calls import example_calls

LOOK_SECONDS = 0.25
ANSWER_SECONDS = 10.0


def first_calls(
    common_directory: Path, address: str, names: Sequence[str], token: str | None
) -> Iterator[str]:
    """A command for each endpoint once it is served, with inputs of its model; ends with the server."""
    waiting = list(names)
    while waiting:
        time.sleep(LOOK_SECONDS)
        try:
            served = ask(common_directory, "GET", "/status").get("endpoints")
            examples = ask(common_directory, "GET", "/examples")
        except RegoloError:
            return
        for name in [name for name in waiting if _is_served(served, name)]:
            waiting.remove(name)
            described = _described(address, name, token, examples.get(name))
            call = example_calls(described, address, needs_token=token is not None)[0]
            yield call.command.replace(" \\\n  ", " ").replace(" |\n  ", " | ")


def _is_served(endpoints: Json, name: str) -> bool:
    found = endpoints.get(name) if isinstance(endpoints, dict) else None
    return isinstance(found, dict) and found.get("state") == "serving"


def _described(address: str, name: str, token: str | None, example: Json) -> Described:
    """The endpoint as its metadata describes it; without inputs if they cannot be read."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=ANSWER_SECONDS)
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    try:
        connection.request("GET", f"/v2/models/{name}", headers=headers)
        reader = JsonReader.parse(connection.getresponse().read(), "the model's metadata")
        inputs = tuple(map(Tensor.read, reader.objects("inputs")))
    except (OSError, http.client.HTTPException, InvalidInput):
        inputs = ()
    finally:
        connection.close()
    return Described(name, inputs, example=example)
