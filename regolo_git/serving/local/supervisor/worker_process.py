"""A worker as the supervisor sees it: a child process that is started, watched and stopped."""

import asyncio
import json
import os
import secrets
import shutil
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import aiohttp

from regolo_git.errors import RegoloError, ServingError
from regolo_git.hints import Hint
from regolo_git.serving.local.child_process import python_command, resident_bytes, worker_environment
from regolo_git.serving.local.supervisor.worker_log import WorkerLog
from regolo_git.serving.local.turn_log import TurnLog
from regolo_git.serving.local.worker_orders import STOP_SIGNAL, WorkerOrders, WorkerReport, WorkerSpec
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import Replica
from regolo_git.system_errors import FREE_SPACE, is_disk_full, reason_of

MODULE = "regolo_git.serving.local.worker.main"
REAP_SECONDS = 5.0
START_HINT = str(Hint("serve", "--start-seconds", "SECONDS"))

Health = Literal["ready", "silent", "wrong"]


class StartFailed(ServingError):
    """A worker that did not become ready; `is_final` if another attempt would fail too.

    Of a full disk, it is not known whether the version would start.
    """

    def __init__(self, message: str, hint: str | None, *, is_final: bool, is_disk_full: bool = False) -> None:
        super().__init__(message, hint)
        self.is_final = is_final
        self.is_disk_full = is_disk_full


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """One running worker and the private directory of its socket.

    One that is not ready, or of an older release, has no `turns`.
    """

    name: str
    process: Process
    directory: Path
    turns: TurnLog | None = None

    @property
    def replica(self) -> Replica:
        """Its name and address, for the routing table."""
        return Replica(self.name, str(self.directory / "http.sock"))

    @property
    def resident_bytes(self) -> int | None:
        """Its resident memory."""
        return resident_bytes(self.process.pid)

    @property
    def busy_seconds(self) -> float:
        """For how long it has been predicting; 0 if it is not."""
        return self.turns.state().busy_seconds if self.turns is not None else 0.0

    @property
    def has_predicted(self) -> bool:
        """Whether it has begun a request."""
        return self.turns is not None and self.turns.state().begun > 0

    async def health(self, seconds: float) -> Health:
        """Asks it whether it is ready, for at most `seconds`."""
        connector = aiohttp.UnixConnector(self.replica.address)
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.get("http://worker/v2/health/ready") as answer,
            ):
                return "ready" if answer.status == 200 else "wrong"
        except TimeoutError:
            return "silent"
        except (aiohttp.ClientError, OSError):
            return "wrong"

    async def exited(self) -> int:
        """Waits until it exits; returns the status."""
        return await self.process.wait()

    async def stop(self, seconds: float) -> None:
        """Asks it to finish its requests and exit, and kills it when the time is up."""
        with suppress(ProcessLookupError):
            self.process.send_signal(STOP_SIGNAL)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.process.wait()
        await self.kill()

    async def kill(self) -> None:
        """Kills it with everything it started, and removes its directory."""
        # Each worker leads a process group of its own, so its children are killed with it.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(REAP_SECONDS):
                await self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


async def start_worker(
    spec: WorkerSpec, sockets: Path, options: ServeOptions, log: WorkerLog, label: Callable[[], str]
) -> WorkerProcess:
    """Starts a worker and waits until it is ready: checked, loaded, warm.  Raises StartFailed."""
    name = f"w-{secrets.token_hex(4)}"
    directory = sockets / name
    reading, writing = os.pipe()
    try:
        directory.mkdir(mode=0o700)
        with log.pipe(lambda: f"{label()} {name}") as output:
            process = await _spawn(spec, directory, writing, output, options)
    except OSError as error:
        os.close(reading)
        shutil.rmtree(directory, ignore_errors=True)
        if is_disk_full(error):
            message = f"cannot start the worker: {reason_of(error)}"
            raise StartFailed(message, FREE_SPACE, is_final=False, is_disk_full=True) from error
        raise StartFailed(f"cannot start the worker: {error}", None, is_final=False) from error
    finally:
        os.close(writing)
    worker = WorkerProcess(name, process, directory)
    try:
        await _until_ready(worker, reading, options.start_seconds)
        # A worker's own report is not trusted until it has answered a request.
        if await worker.health(options.start_seconds) != "ready":
            raise StartFailed("the worker sent an invalid answer", None, is_final=False)
    except BaseException:
        await worker.kill()
        raise
    return replace(worker, turns=TurnLog.of_worker(directory))


async def _spawn(
    spec: WorkerSpec, directory: Path, report: int, output: int, options: ServeOptions
) -> Process:
    orders = WorkerOrders(os.getpid(), directory / "http.sock", report, int(options.drain_seconds), spec)
    process = await asyncio.create_subprocess_exec(
        *python_command(MODULE, interpreter=spec.interpreter),
        stdin=PIPE,
        stdout=output,
        stderr=output,
        pass_fds=(report,),
        cwd=directory,
        env=worker_environment(
            options.environment, spec.environment, threads=spec.threads, interpreter=spec.interpreter
        ),
        start_new_session=True,
    )
    assert process.stdin is not None
    with suppress(ConnectionError):
        process.stdin.write(json.dumps(orders.to_json()).encode())
        await process.stdin.drain()
    process.stdin.close()
    return process


async def _until_ready(worker: WorkerProcess, pipe: int, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            line = await _read_line(pipe)
    except TimeoutError as error:
        message = f"the worker was not ready within {seconds:g} seconds"
        raise StartFailed(message, START_HINT, is_final=False) from error
    if not line:
        ending = describe_exit(await worker.exited())
        raise StartFailed(f"the worker ended before it was ready ({ending})", None, is_final=False)
    report = WorkerReport.parse(line)
    if report.problem is not None:
        final = await worker.exited() not in (RegoloError.exit_code, ServingError.exit_code)
        raise StartFailed(report.problem, report.hint, is_final=final, is_disk_full=report.disk_full)


async def _read_line(pipe: int) -> bytes:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb")
    )
    try:
        return await reader.readline()
    finally:
        transport.close()


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
