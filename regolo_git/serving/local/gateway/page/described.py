"""What is known of how an endpoint is called: its model's inputs and outputs, and a request that works."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.gateway.ask_supervisor import ask_supervisor
from regolo_git.serving.local.gateway.live_route import LiveRoute
from regolo_git.serving.local.gateway.worker_page import NoWorker, worker_page

# A worker that computes answers later; whoever reads waits this long, in seconds.
PATIENCE = 3.0
MOST_ENDPOINTS = 100


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output; a size of -1 may be any."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads an entry of a model's metadata.  Raises InvalidInput."""
        shape = tuple(reader.list_of("shape", int))
        return cls(reader.get("name", str), reader.get("datatype", str), shape)


@dataclass(frozen=True, slots=True)
class Described:
    """An endpoint; `example` is the body of `/invocations` that its model was warmed up with, if any.

    `problem` says why nothing is known of its inputs, where its worker did not answer.
    """

    endpoint: str
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    example: Json = None
    problem: str | None = None


async def described_endpoints(routes: Mapping[str, LiveRoute], admin_socket: Path) -> list[Described]:
    """Every endpoint, in the order of their names; of very many the first ones."""
    examples = await _examples(admin_socket)
    chosen = sorted(routes.items())[:MOST_ENDPOINTS]
    return list(await asyncio.gather(*(_described(name, live, examples.get(name)) for name, live in chosen)))


async def _described(name: str, live: LiveRoute, example: Json) -> Described:
    main = max(live.route.versions.values(), key=lambda version: version.weight)
    try:
        async with asyncio.timeout(PATIENCE):
            said = await worker_page(live, main, "")
    except NoWorker as error:
        return Described(name, example=example, problem=str(error))
    except TimeoutError:
        return Described(name, example=example, problem="its worker is busy")
    if said is None or said.status != 200:
        return Described(name, example=example, problem="its worker did not say")
    reader = JsonReader(said.value, "the model's metadata")
    try:
        inputs, outputs = (tuple(map(Tensor.read, reader.objects(key))) for key in ("inputs", "outputs"))
    except InvalidInput as error:
        return Described(name, example=example, problem=error.message)
    return Described(name, inputs, outputs, example)


async def _examples(admin_socket: Path) -> dict[str, Json]:
    said = await ask_supervisor(admin_socket, "/examples")
    found = json.loads(said.body) if said is not None and said.status == 200 else {}
    return found if isinstance(found, dict) else {}
