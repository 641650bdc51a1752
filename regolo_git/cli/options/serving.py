"""Options of `git regolo serve`: where it listens, who may call, and the limits of its workers."""

from pathlib import Path
from typing import NamedTuple

import click

from regolo_git.cli.options.one_value import one_value
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.serving.options import ServeOptions

FILE = click.Path(dir_okay=False, path_type=Path)
MB = 1_000_000
DEFAULTS = ServeOptions(Path())


class Tokens(NamedTuple):
    """The files of the tokens, and whether the page is shown for that of callers."""

    token_file: Path | None
    page: bool
    page_token_file: Path | None

    @property
    def of_callers(self) -> str | None:
        """The token that callers need, if any.  Raises NotFound."""
        return _token(self.token_file)

    @property
    def of_page(self) -> str | None:
        """The token of the page alone, if any.  Raises NotFound."""
        return _token(self.page_token_file)


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except OSError as error:
        raise NotFound(f"cannot read token file '{path}': {error.strerror}") from error


class WorkerLimits(NamedTuple):
    """The memory of a worker in MB, its time to start, and the time to exit; in seconds."""

    worker_memory: int | None
    start_seconds: float
    drain_seconds: float

    @property
    def memory_bytes(self) -> int | None:
        """The memory of a worker in bytes; None without a limit."""
        return self.worker_memory * MB if self.worker_memory is not None else None


def _address(listen: str | None, port: int | None) -> str:
    if port is None:
        return listen if listen is not None else DEFAULTS.listen
    if listen is not None:
        raise InvalidInput("--listen and --port cannot be used together", "use --listen HOST:PORT")
    return f"127.0.0.1:{port}"


address_options = one_value(
    "address",
    _address,
    click.option(
        "--listen", metavar="HOST:PORT", help=f"The address to listen on.  [default: {DEFAULTS.listen}]"
    ),
    click.option(
        "--port",
        "-p",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        help="The same as --listen 127.0.0.1:PORT.",
    ),
)

token_options = one_value(
    "tokens",
    Tokens,
    click.option("--token-file", type=FILE, help="Require the token in this file from callers."),
    click.option("--page", is_flag=True, help="Show the page where callers need a token, for that token."),
    click.option("--page-token-file", type=FILE, help="Show the page for the token in this file alone."),
)

limit_options = one_value(
    "limits",
    WorkerLimits,
    click.option(
        "--worker-memory",
        type=click.IntRange(min=1),
        metavar="MB",
        help="Replace workers that use more memory, without losing requests.",
    ),
    click.option(
        "--start-seconds",
        type=click.FloatRange(min=0, min_open=True),
        default=DEFAULTS.start_seconds,
        metavar="SECONDS",
        help=f"The time for a worker to load and warm up.  [default: {DEFAULTS.start_seconds:g}]",
    ),
    click.option(
        "--drain-seconds",
        type=click.FloatRange(min=1),
        default=DEFAULTS.drain_seconds,
        metavar="SECONDS",
        help=f"The time to exit once requests are finished.  [default: {DEFAULTS.drain_seconds:g}]",
    ),
)


class Deciding(NamedTuple):
    """Whether this server decides on canaries, also in place of another, and where it reads the counts."""

    canary: bool
    take_over: bool
    canary_metrics: str | None


def _deciding(canary: bool, take_over: bool, canary_metrics: str | None) -> Deciding:
    if not canary and (take_over or canary_metrics is not None):
        raise InvalidInput("--take-over and --canary-metrics require --canary")
    return Deciding(canary, take_over, canary_metrics)


canary_options = one_value(
    "deciding",
    _deciding,
    click.option("--canary", is_flag=True, help="Decide on canaries: roll back what is worse."),
    click.option("--take-over", is_flag=True, help="Decide in place of the server that did."),
    click.option(
        "--canary-metrics",
        metavar="URL",
        help="Compare what this Prometheus server counts, for several gateways.",
    ),
)
