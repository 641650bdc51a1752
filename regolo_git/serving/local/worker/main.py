"""A worker: a process that loads one model and answers on a unix socket.

The supervisor starts it with its orders on standard input.  It ties its life to the parent's, checks the
digest, loads, warms up, listens, and reports on a pipe that it is ready.  If any of this fails, it reports
the problem and exits.
"""

import asyncio
import io
import os
import signal
import socket
import sys
import traceback
from pathlib import Path

import uvloop

from regolo_git.artifacts.disk_digest import check_digest
from regolo_git.errors import RegoloError, ServingError
from regolo_git.hints import on_command_line
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.child_process import die_with, freeze_gc
from regolo_git.serving.local.turn_log import TurnLog
from regolo_git.serving.local.worker.application import WorkerApp
from regolo_git.serving.local.worker.joined_call import JoinedCalls
from regolo_git.serving.local.worker.joined_turns import JoinedTurns
from regolo_git.serving.local.worker.loaders.all_loaders import load_model
from regolo_git.serving.local.worker.mlflow_form import invocation, write_predictions
from regolo_git.serving.local.worker.server import WorkerServer
from regolo_git.serving.local.worker_orders import WorkerOrders, WorkerReport
from regolo_git.system_errors import FREE_SPACE, is_disk_full, reason_of

BACKLOG = 2048
OUT_OF_MEMORY_SCORE = "500"


def main() -> None:
    """Runs a worker until it is told to end."""
    orders = WorkerOrders.read(JsonReader.parse(sys.stdin.read(), "the orders"))
    try:
        die_with(orders.parent)
        _print_by_line()
        _raise_oom_score()
        app = _loaded(orders)
        turns = _joined_turns(orders, app)
        listener = _listen(orders.socket)
    except RegoloError as error:
        _report(orders, WorkerReport(error.message, on_command_line(error.hint)))
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a model's code may raise anything; the supervisor says what
        traceback.print_exc()
        if isinstance(error, OSError) and is_disk_full(error):
            _report(orders, WorkerReport(f"loading failed: {reason_of(error)}", FREE_SPACE, disk_full=True))
        else:
            _report(orders, WorkerReport(f"loading failed: {type(error).__name__}: {error}"))
        sys.exit(1)
    freeze_gc()
    _report(orders, WorkerReport())
    _serve(WorkerServer(app, turns), listener, orders.drain_seconds)


def _print_by_line() -> None:
    """Otherwise what a model prints would be held back, and lost if the worker is killed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _raise_oom_score() -> None:
    """When memory runs out, the kernel is to kill a worker, which is replaced, and not the gateway."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(OUT_OF_MEMORY_SCORE)


def _loaded(orders: WorkerOrders) -> WorkerApp:
    spec = orders.spec
    check_digest(spec.path, spec.digest)
    app = WorkerApp(load_model(spec), TurnLog.create(orders.socket.parent))
    for number, request in enumerate(spec.warmup, 1):
        try:
            write_predictions(asyncio.run(_warm(app, request)))
        except Exception as error:
            cause = error.message if isinstance(error, RegoloError) else f"{type(error).__name__}: {error}"
            raise ServingError(f"warm-up request {number} failed: {cause}") from error
    return app


async def _warm(app: WorkerApp, request: Json) -> object:
    return await app.warm_up(invocation(request))


def _joined_turns(orders: WorkerOrders, app: WorkerApp) -> JoinedTurns | None:
    """The turns of a model whose requests may be joined, as its warm-up requests are here.

    Raises ServingError if they cannot be.
    """
    batch = orders.spec.batch
    if batch is None:
        return None
    calls = JoinedCalls.of(app, batch.max)
    for request in orders.spec.warmup:
        calls.check(invocation(request))
    return JoinedTurns(calls, batch)


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o077)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    return listener


def _report(orders: WorkerOrders, report: WorkerReport) -> None:
    with open(orders.report, "w", closefd=True) as pipe:  # noqa: PTH123 - a descriptor, not a path
        pipe.write(report.to_line())


def _serve(server: WorkerServer, listener: socket.socket, drain_seconds: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        # For the supervisor alone: see `http_server.py`.  Not SIG_IGN, which the programs that a model starts
        # would inherit.
        signal.signal(number, _ignore)

    async def serve() -> None:
        await server.serve(listener, drain_seconds)

    uvloop.run(serve())


def _ignore(*_: object) -> None:
    """Does nothing."""


if __name__ == "__main__":
    main()
