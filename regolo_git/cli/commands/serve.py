"""`git regolo serve`: serves endpoints from this machine."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import put_json
from regolo_git.cli.options.arguments import complete_models, complete_references
from regolo_git.cli.options.endpoint import complete_endpoints
from regolo_git.cli.options.serving import (
    Deciding,
    Tokens,
    WorkerLimits,
    address_options,
    canary_options,
    limit_options,
    token_options,
)
from regolo_git.cli.streams import put, talk, talk_next
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.endpoint import LOCAL, Endpoint
from regolo_git.records.references import Reference
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.desired import Source
from regolo_git.serving.engines import load_engine
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.policy import Policy
from regolo_git.serving.policy_file import operators_policy
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.serving.remote_follower import RemoteFollower, followed_remote
from regolo_git.serving.tried_versions import TriedVersions, check_tried, tried_endpoints

if TYPE_CHECKING:
    from regolo_git.serving.canary.controller import CanaryController

FILE = click.Path(dir_okay=False, path_type=Path)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes endpoints, and versions after `@`."""
    if "@" in incomplete:
        return complete_references(ctx, param, incomplete)
    return [*complete_endpoints(ctx, param, incomplete), *complete_models(ctx, param, incomplete)]


@click.command()
@click.argument("names", metavar="[ENDPOINT|MODEL@V]...", nargs=-1, shell_complete=_complete)
@address_options
@token_options
@click.option("--policy", "policy_file", type=FILE, help="The policy file: what may be loaded.")
@click.option("--allow", multiple=True, metavar="FORMAT", help="Allow a format in addition to the policy.")
@click.option("--allow-code", multiple=True, metavar="MODEL", help="Allow the code of this model to run.")
@limit_options
@click.option(
    "--fetch",
    "fetch_seconds",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Follow the branch of the remote, fetched at this interval.",
)
@canary_options
@click.option("--verbose", "-v", is_flag=True, help="Write a line for each request to standard error.")
@click.option("--replace", is_flag=True, help="Replace the running gateway without losing requests.")
@click.option("--status", is_flag=True, help="Print the state of the running server as JSON.")
@click.option("--stop", is_flag=True, help="Stop the running server after its open requests, and wait.")
def serve(
    names: tuple[str, ...],
    address: str,
    tokens: Tokens,
    policy_file: Path | None,
    allow: tuple[str, ...],
    allow_code: tuple[str, ...],
    limits: WorkerLimits,
    fetch_seconds: float | None,
    deciding: Deciding,
    verbose: bool,
    replace: bool,
    status: bool,
    stop: bool,
) -> None:
    """Serve endpoints (default: all) from this machine, with a gateway and workers for each version.

    MODEL@V serves one version for a try, without an endpoint and without a commit, under its model's name.

    Follows the operations branch, which is the registry branch unless registry.operations names another one:
    a commit that changes the split takes effect within a second.  With --fetch, that is the branch of the
    remote; a version gets traffic once its content is here, and while the remote cannot be reached,
    everything is served as it is.  With --canary, this server decides on canaries: it compares the two
    versions of each, and commits a rollback or, if the endpoint's policy says so, the next step.

    Only safe formats are loaded, unless the policy file (default: regolo/serving.toml in your configuration
    directory), --allow or --allow-code permits more; the repository itself cannot.  Prints the address when
    ready, and runs until interrupted.

    /page shows the traffic, and /docs how each endpoint is called: to people on this machine or, where a
    token is required, only with --page or --page-token-file.

    \b
    Examples:
      git regolo serve
      git regolo serve sentiment@1.1 --port 9000
      git regolo serve --fetch 30 --canary
      git regolo serve --listen 0.0.0.0:8080 --token-file t --page-token-file p
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
            policy = policy.allow(formats=allow, repository_code=allow_code)
            options = _options(common, address, tokens, policy, limits, verbose=verbose)
            _serve(handle, names, options, fetch_seconds, deciding)


def _options(
    common: Path, address: str, tokens: Tokens, policy: Policy, limits: WorkerLimits, *, verbose: bool
) -> ServeOptions:
    return ServeOptions(
        common_directory=common,
        listen=address,
        token=tokens.of_callers,
        page=tokens.page,
        page_token=tokens.of_page,
        policy=policy,
        environment=dict(os.environ),
        start_seconds=limits.start_seconds,
        drain_seconds=limits.drain_seconds,
        worker_memory_bytes=limits.memory_bytes,
        access_log=verbose,
    )


def _serve(
    handle: Handle,
    names: Sequence[str],
    options: ServeOptions,
    fetch_seconds: float | None,
    deciding: Deciding,
) -> None:
    remote = followed_remote(handle) if fetch_seconds is not None else None
    tried = _tried(handle, names, remote)
    for endpoint in tried:
        check_tried(handle, endpoint, options.policy)
    for name in names if remote is None and not tried else ():
        _check_endpoint(handle, name)
    top, artifacts = handle.paths.top, RuntimeDirectory.of(options.common_directory).artifacts
    source: Source = RegistrySource(lambda: Handle.open(top, os.environ), artifacts, remote)
    if tried:
        source, names = TriedVersions(source, tried), [endpoint.endpoint for endpoint in tried]
    say = _tolerant(talk)
    controller = _controller(source, names, options, remote, deciding, top, say) if not tried else None

    def listening(address: str) -> None:
        _tolerant(put)(address)
        token = " -H 'Authorization: Bearer TOKEN'" if options.token is not None else ""
        if tried:
            _say_first_calls(options, address, names)
        else:
            _tolerant(talk_next)(f"curl{token} {address}/")
        if options.token is None or options.page or options.page_token is not None:
            _tolerant(talk_next)(f"{address}/page")
        if controller is not None:
            controller.begin()

    try:
        with (
            _following(top, remote, fetch_seconds, say),
            controller.running() if controller is not None else nullcontext(),
        ):
            load_engine(LOCAL).serve(source, names, options, say=say, listening=listening)
    finally:
        _discard_unwritten(sys.stderr)


def _controller(
    source: Source,
    names: Sequence[str],
    options: ServeOptions,
    remote: str | None,
    deciding: Deciding,
    top: Path,
    say: Callable[[str], None],
) -> "CanaryController | None":
    """The controller of canaries, if this server decides; what follows a remote is pushed there."""
    if not deciding.canary:
        return None
    from regolo_git.serving.canary.for_engine import canary_controller  # noqa: PLC0415 - few servers decide

    return canary_controller(
        source,
        lambda: Handle.open(top, os.environ),
        options.common_directory,
        names=names,
        remote=remote,
        take_over=deciding.take_over,
        prometheus=deciding.canary_metrics,
        say=say,
    )


def _tried(handle: Handle, names: Sequence[str], remote: str | None) -> list[Endpoint]:
    """The endpoints that are made up for versions; empty if endpoints are named, or nothing is."""
    versions = [name for name in names if "@" in name]
    if not versions:
        return []
    if len(versions) < len(names) or remote is not None:
        raise InvalidInput(
            "MODEL@V cannot be used together with endpoints or --fetch", Hint("serve", *versions)
        )
    from regolo_git.cli.options.change import ask_before_store  # noqa: PLC0415 - endpoints ask elsewhere

    ask_before_store(handle)
    return tried_endpoints(handle, [Reference.parse(name) for name in versions])


def _check_endpoint(handle: Handle, name: str) -> None:
    """Raises NotFound for what is no endpoint; a model without one can be served for a try."""
    try:
        get_endpoint(handle, name)
    except NotFound as error:
        if name in handle.records().models() and error.hint == Hint("endpoint create", "ENDPOINT", name):
            raise NotFound(error.message, Hint("serve", f"{name}@latest")) from error
        raise


def _say_first_calls(options: ServeOptions, address: str, names: Sequence[str]) -> None:
    """Prints a command that calls each endpoint, as soon as it is served."""
    from regolo_git.serving.local.first_calls import first_calls  # noqa: PLC0415 - needs the [serve] extra

    def say() -> None:
        for call in first_calls(options.common_directory, address, names, options.token):
            _tolerant(talk_next)(call)

    threading.Thread(target=say, name="first calls", daemon=True).start()


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
