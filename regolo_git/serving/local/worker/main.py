"""A worker: one process that holds one model and answers on a unix socket.

Started by the supervisor with its orders on standard input.  In this order: tie its life to the parent's,
check the digest, load, warm up, listen, say so on the pipe that it was given.  Whatever goes wrong before
that is said on the pipe too, in one line of JSON.
"""

import asyncio
import json
import os
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import uvicorn

from regolo_git.errors import RegoloError, ServingError
from regolo_git.hints import on_command_line
from regolo_git.serving.json_value import Json, json_number, json_object, json_text
from regolo_git.serving.local.child_process import die_with, leave_alone_what_stays
from regolo_git.serving.local.worker.application import WorkerApp
from regolo_git.serving.local.worker.artifact_check import check_artifact
from regolo_git.serving.local.worker.loaders.all_loaders import load_model
from regolo_git.serving.local.worker.mlflow_form import invocation, write_predictions
from regolo_git.serving.local.worker.spec import WorkerSpec

BACKLOG = 2048
# The gateway closes idle connections first, or a request could meet one that is just being closed.
KEEP_ALIVE_SECONDS = 24 * 3600
OUT_OF_MEMORY_SCORE = "500"


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is to do, and where; `report` is the descriptor of the pipe."""

    parent: int
    socket: Path
    report: int
    drain_seconds: int
    spec: WorkerSpec

    def to_json(self) -> dict[str, Json]:
        """As they travel to the worker."""
        return {
            "parent": self.parent,
            "socket": str(self.socket),
            "report": self.report,
            "drain_seconds": self.drain_seconds,
            "spec": self.spec.to_json(),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        table = json_object(value, "the orders")
        return cls(
            parent=int(json_number(table["parent"], "'parent'")),
            socket=Path(json_text(table["socket"], "'socket'")),
            report=int(json_number(table["report"], "'report'")),
            drain_seconds=int(json_number(table["drain_seconds"], "'drain_seconds'")),
            spec=WorkerSpec.from_json(table["spec"]),
        )


def main() -> None:
    """Runs a worker until it is told to end."""
    orders = Orders.from_json(json.load(sys.stdin))
    try:
        die_with(orders.parent)
        _offer_to_the_killer()
        app = _loaded(orders.spec)
    except RegoloError as error:
        _report(orders, {"error": error.message, "hint": on_command_line(error.hint)})
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a model's code may raise anything; the supervisor says what
        traceback.print_exc()
        _report(orders, {"error": f"loading failed: {type(error).__name__}: {error}", "hint": None})
        sys.exit(1)
    leave_alone_what_stays()
    listener = _listen(orders.socket)
    _report(orders, {"ready": True})
    _serve(app, listener, orders.drain_seconds)


def _offer_to_the_killer() -> None:
    """When memory runs out the kernel shall take a worker, which is replaced, and not the gateway."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(OUT_OF_MEMORY_SCORE)


def _loaded(spec: WorkerSpec) -> WorkerApp:
    check_artifact(spec.path, spec.digest)
    app = WorkerApp(load_model(spec))
    for number, request in enumerate(spec.warmup, 1):
        try:
            write_predictions(asyncio.run(_warm(app, request)))
        except Exception as error:
            said = error.message if isinstance(error, RegoloError) else f"{type(error).__name__}: {error}"
            raise ServingError(f"warm-up request {number} failed: {said}") from error
    return app


async def _warm(app: WorkerApp, request: Json) -> object:
    return await app.predict(invocation(request))


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o077)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    return listener


def _report(orders: Orders, message: dict[str, Json]) -> None:
    with open(orders.report, "w", closefd=True) as pipe:  # noqa: PTH123 - a descriptor, not a path
        pipe.write(json.dumps(message) + "\n")


def _serve(app: WorkerApp, listener: socket.socket, drain_seconds: int) -> None:
    config = uvicorn.Config(
        app,
        interface="asgi3",
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
