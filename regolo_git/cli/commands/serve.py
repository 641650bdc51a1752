"""`git regolo serve`: serves endpoints from this machine."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TextIO

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import put_json
from regolo_git.cli.options.endpoint import complete_endpoints
from regolo_git.cli.streams import put, talk
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.endpoint import LOCAL
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.engines import load_engine
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.policy_file import operators_policy
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.serving.remote_follower import RemoteFollower, followed_remote

MB = 1_000_000
DEFAULTS = ServeOptions(Path())
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("endpoints", metavar="[ENDPOINT]...", nargs=-1, shell_complete=complete_endpoints)
@click.option(
    "--listen", metavar="HOST:PORT", help=f"The address to listen on.  [default: {DEFAULTS.listen}]"
)
@click.option(
    "--port", "-p", type=click.IntRange(0, 65535), metavar="PORT", help="The same as --listen 127.0.0.1:PORT."
)
@click.option("--token-file", type=FILE, help="Require the token in this file from callers.")
@click.option("--policy", "policy_file", type=FILE, help="The policy file: what may be loaded.")
@click.option("--allow", multiple=True, metavar="FORMAT", help="Allow a format in addition to the policy.")
@click.option("--allow-code", multiple=True, metavar="MODEL", help="Allow the code of this model to run.")
@click.option(
    "--worker-memory",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Replace workers that use more memory, without losing requests.",
)
@click.option(
    "--start-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULTS.start_seconds,
    metavar="SECONDS",
    help=f"The time for a worker to load and warm up.  [default: {DEFAULTS.start_seconds:g}]",
)
@click.option(
    "--drain-seconds",
    type=click.FloatRange(min=1),
    default=DEFAULTS.drain_seconds,
    metavar="SECONDS",
    help=f"The time to exit once requests are finished.  [default: {DEFAULTS.drain_seconds:g}]",
)
@click.option(
    "--fetch",
    "fetch_seconds",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Follow the branch of the remote, fetched at this interval.",
)
@click.option("--replace", is_flag=True, help="Replace the running gateway without losing requests.")
@click.option("--status", is_flag=True, help="Print the state of the running server as JSON.")
@click.option("--stop", is_flag=True, help="Stop the running server after its open requests, and wait.")
def serve(
    endpoints: tuple[str, ...],
    listen: str | None,
    port: int | None,
    token_file: Path | None,
    policy_file: Path | None,
    allow: tuple[str, ...],
    allow_code: tuple[str, ...],
    worker_memory: int | None,
    start_seconds: float,
    drain_seconds: float,
    fetch_seconds: float | None,
    replace: bool,
    status: bool,
    stop: bool,
) -> None:
    """Serve endpoints (default: all) from this machine, with a gateway and workers for each version.

    Follows the operations branch, which is the registry branch unless registry.operations names another one:
    a commit that changes the split takes effect within a second.  With --fetch, that is the branch of the
    remote; a version gets traffic once its content is here, and while the remote cannot be reached,
    everything is served as it is.

    Only safe formats are loaded, unless the policy file (default: regolo/serving.toml in your configuration
    directory), --allow or --allow-code permits more; the repository itself cannot.  Prints the address when
    ready, and runs until interrupted.

    \b
    Examples:
      git regolo serve
      git regolo serve sentiment --port 9000
      git regolo serve sentiment --allow-code sentiment-classifier
      git regolo serve --fetch 30
      git regolo serve --replace

    Exit status: 0 stopped as requested; 2 invalid input; 3 no such endpoint, or no server is running; 7 the
    address or the registry is already served, or nothing could be started; 8 forbidden by the policy; 9 the
    [serve] extra is not installed.
    """
    with open_handle() as handle:
        common, engine = handle.paths.common_dir, load_engine(LOCAL)
        if replace:
            put_json(engine.replace(common))
        elif status:
            put_json(engine.status(common))
        elif stop:
            engine.stop(common)
        else:
            policy = operators_policy(policy_file, os.environ, outside=handle.paths.top)
            options = ServeOptions(
                common_directory=common,
                listen=_address(listen, port),
                token=_token(token_file),
                policy=policy.allow(formats=allow, repository_code=allow_code),
                environment=dict(os.environ),
                start_seconds=start_seconds,
                drain_seconds=drain_seconds,
                worker_memory_bytes=worker_memory * MB if worker_memory is not None else None,
            )
            _serve(handle, endpoints, options, fetch_seconds)


def _address(listen: str | None, port: int | None) -> str:
    if port is None:
        return listen if listen is not None else DEFAULTS.listen
    if listen is not None:
        raise InvalidInput("--listen and --port cannot be used together", "use --listen HOST:PORT")
    return f"127.0.0.1:{port}"


def _serve(
    handle: Handle, endpoints: Sequence[str], options: ServeOptions, fetch_seconds: float | None
) -> None:
    remote = followed_remote(handle) if fetch_seconds is not None else None
    for name in endpoints if remote is None else ():
        get_endpoint(handle, name)
    top, artifacts = handle.paths.top, RuntimeDirectory.of(options.common_directory).artifacts
    source = RegistrySource(lambda: Handle.open(top, os.environ), artifacts, remote)
    say = _tolerant(talk)
    try:
        with _following(top, remote, fetch_seconds, say):
            load_engine(LOCAL).serve(source, endpoints, options, say=say, listening=_tolerant(put))
    finally:
        _discard_unwritten(sys.stderr)


def _following(
    top: Path, remote: str | None, seconds: float | None, say: Callable[[str], None]
) -> AbstractContextManager[None]:
    """A block in which the remote, if one is followed, is fetched from."""
    if remote is None or seconds is None:
        return nullcontext()
    return RemoteFollower(lambda: Handle.open(top, os.environ), remote, seconds, say).running()


def _tolerant(stream: Callable[[str], None]) -> Callable[[str], None]:
    """Ignores write errors, such as a full disk or a closed terminal, so that serving continues."""

    def write(line: str) -> None:
        with suppress(OSError):
            stream(line)

    return write


def _discard_unwritten(stream: TextIO) -> None:
    # Otherwise the interpreter fails on it at exit.
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except OSError as error:
        raise NotFound(f"cannot read token file '{path}': {error.strerror}") from error
