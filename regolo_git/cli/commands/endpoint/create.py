"""`git regolo endpoint create`: creates an endpoint that sends everything to one version."""

import os

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.arguments import complete_environments, reference_argument
from regolo_git.cli.options.change import message_option, push_option, unmerged_option
from regolo_git.cli.options.endpoint import to_endpoint, to_size
from regolo_git.cli.options.one_value import one_value
from regolo_git.cli.streams import talk, talk_next, talk_note
from regolo_git.records.references import Reference
from regolo_git.records.routing import Routing
from regolo_git.registry.endpoints.create import create_endpoint
from regolo_git.serving.unloadable import unloadable_notices
from regolo_git.serving.untrusted_types import untrusted_types_notices
from regolo_git.text.numbers import counted, shares_text

DEFAULT = Routing()


def _routing(
    sticky_header: str | None,
    sticky_cookie: str | None,
    sticky_key: str | None,
    retry: int | None,
    timeout: float | None,
    max_body: int | None,
    max_concurrency: int | None,
) -> Routing:
    return Routing(
        sticky_header=sticky_header,
        sticky_cookie=sticky_cookie,
        sticky_key=sticky_key,
        retry=DEFAULT.retry if retry is None else retry,
        timeout_seconds=DEFAULT.timeout_seconds if timeout is None else timeout,
        max_body_bytes=DEFAULT.max_body_bytes if max_body is None else max_body,
        max_concurrency=DEFAULT.max_concurrency if max_concurrency is None else max_concurrency,
    )


routing_options = one_value(
    "routing",
    _routing,
    click.option("--sticky-header", metavar="NAME", help="Send equal values of this header to one version."),
    click.option("--sticky-cookie", metavar="NAME", help="The same for a cookie."),
    click.option("--sticky-key", metavar="KEY", help="The same for a key of the JSON body."),
    click.option(
        "--retry",
        type=int,
        metavar="N",
        help=f"The number of retries of a request.  [default: {DEFAULT.retry}]",
    ),
    click.option(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help=f"The timeout of a request.  [default: {DEFAULT.timeout_seconds:g}]",
    ),
    click.option(
        "--max-body",
        callback=to_size,
        metavar="SIZE",
        help=f"The largest body of a request, such as 64MB.  [default: {DEFAULT.max_body_bytes >> 20}MiB]",
    ),
    click.option(
        "--max-concurrency",
        type=int,
        metavar="N",
        help=f"The number of requests at once; more are refused.  [default: {DEFAULT.max_concurrency}]",
    ),
)


@click.command()
@click.argument("name", metavar="ENDPOINT", callback=to_endpoint)
@reference_argument("MODEL@V")
@click.option(
    "--environment",
    metavar="ENV",
    shell_complete=complete_environments,
    help="Follow the promotions to ENV.",
)
@click.option("--replicas", type=int, metavar="N", help="The number of workers.  [default: 1]")
@routing_options
@push_option
@unmerged_option
@message_option
@json_option
def create(
    name: str,
    reference: Reference,
    environment: str | None,
    replicas: int | None,
    routing: Routing,
    push: bool | None,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Create ENDPOINT and send all its traffic to one version.

    With --environment, MODEL without a version means the version that is promoted to ENV, if any.

    A version that no server could load is a note that says what to write.

    \b
    Examples:
      git regolo endpoint create reviews sentiment@1.1 --replicas 2
      git regolo endpoint create reviews sentiment --environment production

    Exit status: 0 success; 2 invalid input; 3 no such version, or its content is not in the store; 4 the
    endpoint exists, or with --push something else was not pushed; 6 the remote cannot be reached or refuses;
    8 the version is retired or not merged.
    """
    with open_handle() as handle:
        created = create_endpoint(
            handle,
            name,
            reference,
            environment=environment,
            replicas=replicas,
            routing=routing,
            message=message,
            unmerged=unmerged,
            push=push,
        )
        unloadable = unloadable_notices(handle, created, os.environ)
        notices = unloadable + untrusted_types_notices(handle, created, os.environ)
    talk(f"created endpoint {name}: {shares_text(created.traffic)}")
    (pin,) = created.versions.values()
    if replicas is not None and pin.replicas != replicas:
        rule = f"environment '{environment}' sets {counted(pin.replicas, 'replica')}"
        talk_note(f"{rule}; --replicas {replicas} is ignored")
    for notice in notices:
        talk_note(notice)
    if not unloadable:
        talk_next(f"git regolo serve {name}")
    put_result(name, created.to_dict(), as_json=as_json)
