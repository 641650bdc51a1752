"""The local engine: `serve` runs it in the foreground; the other functions reach a running one.

This module is an `Engine` (`serving/engines.py`).  It reads a registry through a `Source`.  Starlette,
uvicorn and the other libraries are imported only after a check that they are installed.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace as with_changes
from datetime import timedelta
from pathlib import Path

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import require_serve_extra
from regolo_git.serving.desired import Source
from regolo_git.serving.local.admin_client import ask
from regolo_git.serving.local.listener import address_of, is_loopback, listen, parse_listen
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.metrics.kept_counts import KeptCounts
from regolo_git.serving.metrics.values import EndpointMetrics, Measured, summarize
from regolo_git.serving.options import ServeOptions

REPLACE_SECONDS = 60.0


def serve(
    source: Source,
    endpoints: Sequence[str],
    options: ServeOptions,
    *,
    say: Callable[[str], None],
    listening: Callable[[str], None] = lambda _: None,
) -> None:
    """Serves endpoints (all of the branch where none is named) until SIGTERM, SIGINT or the admin says stop.

    `say` gets a line for each change; `listening` gets the address once requests are accepted.  SIGHUP
    replaces the gateway.  Raises MissingDependency, InvalidInput, NotFound, ServingError if the address is in
    use or the registry is already served, and the source's error on the first read.
    """
    require_serve_extra()
    host, port = parse_listen(options.listen)
    _check_token(options, host)
    # After the check above, so that a missing library is reported in our words.
    from regolo_git.serving.local.supervisor.run import run  # noqa: PLC0415

    with (
        RuntimeDirectory.of(options.common_directory).owned(),
        listen(host, port) as listener,
    ):
        asyncio.run(run(source, endpoints, options, listener, say, lambda: listening(address_of(listener))))


def _check_token(options: ServeOptions, host: str) -> None:
    if options.token is None and not is_loopback(host):
        raise InvalidInput(
            f"'{options.listen}' can be reached from other machines, so a token is required",
            Hint("serve", "--token-file", "FILE"),
        )
    if any(token is not None and not token.strip() for token in (options.token, options.page_token)):
        raise InvalidInput("the token is empty", "openssl rand -hex 32 > FILE")


def status(common_directory: Path) -> dict[str, Json]:
    """What runs, and its problems.  Raises NotFound if nothing serves the registry."""
    return ask(common_directory, "GET", "/status")


def metrics(common_directory: Path, endpoint: str, seconds: float) -> EndpointMetrics:
    """An endpoint's metrics; if nothing serves it, those of the seconds before the engine stopped in order.

    Raises NotFound if there are none.
    """
    try:
        answer = ask(common_directory, "GET", f"/endpoints/{endpoint}/metrics?window={seconds:f}")
    except NotFound:
        kept = _kept_metrics(common_directory, endpoint, seconds)
        if kept is None:
            raise
        return kept
    return EndpointMetrics.from_json(answer)


def _kept_metrics(common_directory: Path, endpoint: str, seconds: float) -> EndpointMetrics | None:
    kept = KeptCounts.read(RuntimeDirectory.of(common_directory).counts)
    if kept is None:
        return None
    window = kept.store(0.0).read(seconds, 0.0)
    tallies = {version: tally for (name, version), tally in window.tallies.items() if name == endpoint}
    if not tallies:
        return None
    counted = summarize(
        endpoint,
        {version: Measured.of(tally, weight=0.0, replicas_ready=None) for version, tally in tallies.items()},
        window_seconds=window.seconds,
        source="gateway",
        commit=None,
        since=kept.saved - timedelta(seconds=window.seconds),
    )
    return with_changes(counted, source="stopped")


def replace(common_directory: Path) -> dict[str, Json]:
    """Replaces the gateway without losing a request; returns the status.  Raises NotFound, ServingError."""
    return ask(common_directory, "POST", "/replace", seconds=REPLACE_SECONDS)


def stop(common_directory: Path) -> None:
    """Stops the engine once everything in flight is answered; returns when it has ended.  Raises NotFound."""
    ask(common_directory, "POST", "/drain")
    RuntimeDirectory.of(common_directory).wait_until_free()
