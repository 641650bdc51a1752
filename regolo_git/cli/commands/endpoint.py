"""`git regolo endpoint`: makes, shows and deletes endpoints."""

import sys

import click

from regolo_git.cli.opening import open_handle
from regolo_git.cli.output import Json, chosen_form, emit, form_options, json_option, put_json
from regolo_git.cli.parameters import complete_environments, reference_argument
from regolo_git.cli.promotion_options import endpoint_argument, endpoint_document, message_option, to_endpoint
from regolo_git.cli.questions import confirm
from regolo_git.cli.streams import paint, put, talk, talk_note
from regolo_git.cli.table_layout import Column
from regolo_git.cli.tables import put_pairs, put_table
from regolo_git.cli.words import local_time, one_line, person, short
from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.references import Reference
from regolo_git.records.routing import Routing
from regolo_git.registry.endpoints import endpoints
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_history
from regolo_git.registry.handle import Handle

LIST_COLUMNS = tuple(Column(title) for title in ("ENDPOINT", "MODEL", "ENVIRONMENT", "TRAFFIC", "REPLICAS"))
SHOW_COLUMNS = (
    Column("VERSION"),
    Column("WEIGHT", right=True),
    Column("REPLICAS", right=True),
    Column("COMMIT"),
    Column("DIGEST", flexible=True),
)
HISTORY_COLUMNS = (
    Column("WHEN"),
    Column("ACTION"),
    Column("TRAFFIC"),
    Column("BY", spare=1),
    Column("COMMIT", spare=2),
    Column("WHY", flexible=True),
)


@click.group(invoke_without_command=True)
@click.pass_context
def endpoint(context: click.Context) -> None:
    """Make, show and delete endpoints: served names with a traffic split over versions.

    \b
    Examples:
      git regolo endpoint create reviews sentiment@1.1
      git regolo endpoint list
      git regolo endpoint history reviews

    Exit status: 0 done; 2 bad input; 3 not found; 4 conflict; 8 forbidden by a rule.
    """
    if context.invoked_subcommand is None:
        put(context.get_help())


@endpoint.command(short_help="Make ENDPOINT, on one version.")
@click.argument("name", metavar="ENDPOINT", callback=to_endpoint)
@reference_argument("MODEL@V")
@click.option(
    "--environment",
    metavar="ENV",
    shell_complete=complete_environments,
    help="Follow the promotions to ENV.",
)
@click.option("--replicas", type=int, metavar="N", help="How many workers serve it.  [default: 1]")
@click.option("--sticky-header", metavar="NAME", help="Keep a value of this header on one version.")
@click.option("--sticky-cookie", metavar="NAME", help="The same by a cookie.")
@click.option("--sticky-key", metavar="KEY", help="The same by a key of the JSON body.")
@click.option("--retry", type=int, metavar="N", help="How often a request may be sent again.  [default: 2]")
@click.option("--timeout", type=float, metavar="SECONDS", help="How long a request may take.  [default: 30]")
@message_option
@json_option
def create(
    name: str,
    reference: Reference,
    environment: str | None,
    replicas: int | None,
    sticky_header: str | None,
    sticky_cookie: str | None,
    sticky_key: str | None,
    retry: int | None,
    timeout: float | None,
    message: str | None,
    as_json: bool,
) -> None:
    """Make ENDPOINT, with all its traffic on one version.

    \b
    Examples:
      git regolo endpoint create reviews sentiment@1.1 --replicas 2
      git regolo endpoint create reviews sentiment@production \\
        --environment production

    Exit status: 0 done; 2 bad input; 3 no such version, or its bytes are gone; 4 the endpoint exists;
    8 the version is retired.
    """
    routing = Routing(
        sticky_header=sticky_header,
        sticky_cookie=sticky_cookie,
        sticky_key=sticky_key,
        retry=Routing().retry if retry is None else retry,
        timeout_seconds=Routing().timeout_seconds if timeout is None else timeout,
    )
    with open_handle() as handle:
        made = endpoints.create_endpoint(
            handle,
            name,
            reference,
            environment=environment,
            replicas=replicas,
            routing=routing,
            message=message,
        )
    talk(f"made endpoint {name}: {endpoints.traffic_text(made)}")
    (pin,) = made.versions.values()
    if replicas is not None and pin.replicas != replicas:
        talk_note(f"environment '{environment}' decides the replicas: {pin.replicas}, not {replicas}")
    talk(f"  next    git regolo serve {name}")
    if as_json:
        put_json(endpoint_document(made))
    else:
        put(name)


@endpoint.command("list")
@form_options
def list_(as_json: bool, as_plain: bool) -> None:
    """List the endpoints.

    \b
    With --plain, one line for each:
      endpoint, model, environment that it follows, version=weight ...,
      version=replicas ...

    \b
    Examples:
      git regolo endpoint list
      git regolo endpoint list --plain | cut -f1

    Exit status: 0 done; 3 no registry here; 5 an endpoint's file is broken.
    """
    form = chosen_form(as_json, as_plain)
    with open_handle() as handle:
        found = endpoints.list_endpoints(handle)
    if not found and form == "people":
        talk("no endpoints yet")
        talk("  next    git regolo endpoint create NAME MODEL@V")
    emit(
        form,
        document=lambda: [endpoint_document(each) for each in found],
        fields=lambda: [_fields(each) for each in found],
        page=lambda: put_table(LIST_COLUMNS, [_row(each) for each in found]),
    )


def _fields(each: Endpoint) -> list[str | None]:
    weights = " ".join(f"{version}={weight:.10g}" for version, weight in each.traffic.items())
    return [each.endpoint, each.model, each.environment, weights, _replicas(each)]


def _row(each: Endpoint) -> list[str]:
    traffic = endpoints.traffic_text(each)
    return [each.endpoint, each.model, each.environment or "", traffic, _replicas(each)]


def _replicas(each: Endpoint) -> str:
    return " ".join(f"{version}={pin.replicas}" for version, pin in each.versions.items())


@endpoint.command(short_help="Show what ENDPOINT should do.")
@endpoint_argument()
@form_options
def show(endpoint: str, as_json: bool, as_plain: bool) -> None:
    """Show the desired state of ENDPOINT: versions and their weights, and how requests are routed.

    \b
    With --plain, one line for each version:
      version, weight, replicas, commit, digest

    \b
    Examples:
      git regolo endpoint show reviews
      git regolo endpoint show reviews --json

    Exit status: 0 done; 3 no such endpoint; 5 its file is broken.
    """
    form = chosen_form(as_json, as_plain)
    with open_handle() as handle:
        found = endpoints.get_endpoint(handle, endpoint)
    emit(
        form,
        document=lambda: endpoint_document(found),
        fields=lambda: [
            (version, f"{found.traffic[version]:.10g}", pin.replicas, pin.commit, pin.digest)
            for version, pin in found.versions.items()
        ],
        page=lambda: _page(found),
    )


def _page(found: Endpoint) -> None:
    put(f"{found.endpoint}  {found.model}" + (f"  follows {found.environment}" if found.environment else ""))
    put("")
    put_table(
        SHOW_COLUMNS,
        [
            (
                version,
                endpoints.weight_text(found.traffic[version]),
                str(pin.replicas),
                short(pin.commit),
                str(pin.digest),
            )
            for version, pin in found.versions.items()
        ],
    )
    routing = found.routing.to_table()
    if routing:
        put("")
        put(paint("Routing", sys.stdout, bold=True))
        put_pairs([(key, str(value)) for key, value in routing.items()], indent=2)


@endpoint.command(short_help="Show every change of ENDPOINT.")
@endpoint_argument()
@form_options
def history(endpoint: str, as_json: bool, as_plain: bool) -> None:
    """Show every change of ENDPOINT, newest first: what, who, when and why.

    \b
    With --plain, one line for each:
      time, action, version=weight ... (empty: deleted), who, commit, why

    \b
    Examples:
      git regolo endpoint history reviews
      git regolo endpoint history reviews --json

    Exit status: 0 done; 3 no such endpoint ever was.
    """
    form = chosen_form(as_json, as_plain)
    with open_handle() as handle:
        events = endpoint_history(handle, endpoint)
        if not events:
            endpoints.get_endpoint(handle, endpoint)
    emit(
        form,
        document=lambda: [
            {
                "when": event.when,
                "action": event.action,
                "by": event.who,
                "commit": event.commit,
                "message": event.message,
                "endpoint": endpoint_document(event.endpoint) if event.endpoint else None,
            }
            for event in events
        ],
        fields=lambda: [_event_fields(event) for event in events],
        page=lambda: put_table(HISTORY_COLUMNS, [_event_row(event) for event in events]),
    )


def _event_fields(event: EndpointEvent) -> list[object]:
    weights = _fields(event.endpoint)[3] if event.endpoint else None
    return [event.when, event.action, weights, event.who, event.commit, event.message]


def _event_row(event: EndpointEvent) -> list[str]:
    return [
        local_time(event.when),
        event.action,
        endpoints.traffic_text(event.endpoint) if event.endpoint else "",
        one_line(person(event.who)),
        short(event.commit),
        one_line(event.message),
    ]


@endpoint.command(short_help="Take ENDPOINT off the registry branch.")
@endpoint_argument()
@click.option("--dry-run", "-n", is_flag=True, help="Show the plan and stop.")
@click.option("--yes", "-y", is_flag=True, help="Do it without a question.")
@message_option
@json_option
def delete(endpoint: str, dry_run: bool, yes: bool, message: str | None, as_json: bool) -> None:
    """Take ENDPOINT off the registry branch; its history stays.

    Shows what it would do and asks; without a terminal it needs --yes.  A gateway that runs stops serving it.

    \b
    Examples:
      git regolo endpoint delete reviews --dry-run
      git regolo endpoint delete reviews -m "replaced by reviews-v2" --yes

    Exit status: 0 done; 3 no such endpoint; 4 not confirmed.
    """
    with open_handle() as handle:
        words, document = _what_is_deleted(handle, endpoint)
        talk(f"delete endpoint {endpoint}: {words}")
        if not (dry_run or yes):
            confirm(
                f"Delete {endpoint}?",
                otherwise=f"'{endpoint}' is not deleted without a yes",
                hint=f"git regolo endpoint delete {endpoint} --yes",
            )
        if not dry_run:
            endpoints.delete_endpoint(handle, endpoint, message=message)
    if as_json:
        put_json({**document, "deleted": not dry_run})
    elif not dry_run:
        put(endpoint)


def _what_is_deleted(handle: Handle, name: str) -> tuple[str, dict[str, Json]]:
    """In words and as JSON; an endpoint that is broken can be deleted, one of a newer format cannot."""
    try:
        found = endpoints.get_endpoint(handle, name)
    except NewerFormat:
        raise
    except IntegrityError as error:
        return error.message, {"endpoint": name, "problem": error.message}
    return endpoints.traffic_text(found), endpoint_document(found)
