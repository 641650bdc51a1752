"""`git regolo serve`: runs endpoints here."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import put_json
from regolo_git.cli.options.endpoint import complete_endpoints
from regolo_git.cli.streams import put, talk
from regolo_git.errors import NotFound
from regolo_git.records.endpoint import LOCAL
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.engines import load_engine
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.policy import Policy, default_policy_path
from regolo_git.serving.registry_source import RegistrySource

MB = 1_000_000
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("endpoints", metavar="[ENDPOINT]...", nargs=-1, shell_complete=complete_endpoints)
@click.option(
    "--listen",
    default="127.0.0.1:8080",
    metavar="HOST:PORT",
    help="Where requests are taken.  [default: 127.0.0.1:8080]",
)
@click.option("--token-file", type=FILE, help="Ask callers for this token.")
@click.option("--policy", "policy_file", type=FILE, help="What may be loaded.")
@click.option("--allow", multiple=True, metavar="FORMAT", help="Allow a format besides the policy's.")
@click.option("--allow-code", multiple=True, metavar="MODEL", help="Allow this model's own code to run.")
@click.option(
    "--worker-memory",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Replace a worker that holds more than this, without losing a request.",
)
@click.option("--replace", is_flag=True, help="Replace the gateway that runs, without losing a request.")
@click.option("--status", is_flag=True, help="Show what runs, as JSON.")
@click.option("--stop", is_flag=True, help="Have what runs finish and end.")
def serve(
    endpoints: tuple[str, ...],
    listen: str,
    token_file: Path | None,
    policy_file: Path | None,
    allow: tuple[str, ...],
    allow_code: tuple[str, ...],
    worker_memory: int | None,
    replace: bool,
    status: bool,
    stop: bool,
) -> None:
    """Run endpoints (all of them by default) here: a gateway, and workers for each version.

    Follows the registry branch: a commit that changes the split is in force within a second.  Only safe
    formats are loaded unless the policy file (by default regolo/serving.toml in your configuration
    directory), --allow or --allow-code says more; never because the repository says so.  Prints the address
    once requests are taken, and goes on until it is interrupted.

    \b
    Examples:
      git regolo serve
      git regolo serve sentiment --listen 127.0.0.1:9000
      git regolo serve sentiment --allow-code sentiment-classifier
      git regolo serve --replace

    Exit status: 0 ended as asked; 2 bad input; 3 no such endpoint, or nothing runs; 7 the address or the
    registry is served already, or nothing could be started; 8 a rule of the operator forbids it; 9 the
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
            for name in endpoints:
                get_endpoint(handle, name)
            policy = _policy(policy_file, handle.paths.top)
            options = ServeOptions(
                common_directory=common,
                listen=listen,
                token=_token(token_file),
                policy=policy.allow(formats=allow, repository_code=allow_code),
                environment=dict(os.environ),
                worker_memory_bytes=worker_memory * MB if worker_memory is not None else None,
            )
            top, artifacts = handle.paths.top, RuntimeDirectory.of(common).artifacts
            source = RegistrySource(lambda: Handle.open(top, os.environ), artifacts)
            try:
                engine.serve(source, endpoints, options, say=_tell(talk), listening=_tell(put))
            finally:
                _drop_what_is_unsaid(sys.stderr)


def _tell(stream: Callable[[str], None]) -> Callable[[str], None]:
    """Tells whoever listens, and goes on where nobody can: a log on a full disk, a terminal that is gone."""

    def tell(line: str) -> None:
        with suppress(OSError):
            stream(line)

    return tell


def _drop_what_is_unsaid(stream: TextIO) -> None:
    # The interpreter would fail over it as it ends.
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _policy(given: Path | None, top: Path) -> Policy:
    path = given or default_policy_path(os.environ)
    if given is None and not path.exists():
        return Policy()
    return Policy.load(path, outside=top)


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except OSError as error:
        raise NotFound(f"token file '{path}' cannot be read: {error.strerror}") from error
