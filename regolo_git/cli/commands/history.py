"""`git regolo history`: shows the promotion history of a model."""

from collections.abc import Sequence

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option, shown_time
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.arguments import complete_environments, model_argument
from regolo_git.cli.pages.differences import talk_of_differences
from regolo_git.cli.streams import talk, talk_next
from regolo_git.cli.tables import put_table
from regolo_git.errors import NotFound
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference
from regolo_git.registry.endpoints.deployed import Deployed
from regolo_git.registry.environments.history import PromotionEvent, promotion_history
from regolo_git.registry.environments.permission import environment_rule
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import latest_usable, model_rows
from regolo_git.registry.version_status import read_statuses
from regolo_git.text.commits import person, short
from regolo_git.text.printable import one_line

COLUMNS = (
    Column("WHEN"),
    Column("ENVIRONMENT"),
    Column("ACTION", spare=4),
    Column("VERSION"),
    Column("REPLICAS", right=True, spare=2),
    Column("BY", spare=1),
    Column("COMMIT", spare=3),
    Column("MESSAGE", flexible=True),
)


@click.command()
@model_argument()
@click.argument("environment", metavar="[ENV]", required=False, shell_complete=complete_environments)
@date_option
@form_options
def history(model: str, environment: str | None, form: Form) -> None:
    """Show the promotions of MODEL, to every environment or to ENV, newest first.

    The action is promote, demote, rollback (of an endpoint, which took the environment along), revert (by
    `git revert`) or edit.  Endpoints that follow an environment and do not serve its version are
    reported; with --json they are under `endpoints` of the newest event of that environment.

    \b
    With --plain, one line for each promotion:
      time, environment, version (empty: removed), replicas, author, commit,
      message

    \b
    Examples:
      git regolo history sentiment
      git regolo history sentiment production --json

    Exit status: 0 success; 2 invalid input; 3 no such model.
    """
    with open_handle() as handle:
        _require_model(handle, model)
        events = promotion_history(handle, model, environment)
        if environment is not None and not events:
            environment_rule(
                handle, environment, lambda meant: Hint("history", model, *filter(None, [meant]))
            )
        usable = version_reference(model, latest_usable(handle, model) or "VERSION") if not events else ""
        lowest = handle.config().environment_order()[0]
        endpoints = read_statuses(handle).deployed.get(model, ())
        followers = [each for each in endpoints if each.environment is not None]
    if form == "people":
        talk_of_differences(each for each in followers if environment in (None, each.environment))
    if not events and form == "people":
        talk(f"{model} was never promoted" + (f" to {environment}" if environment else ""))
        talk_next(f"git regolo {f'history {model}' if environment else f'promote {usable} {lowest}'}")
    emit(
        form,
        document=lambda: _document(events, followers),
        fields=lambda: [_fields(event) for event in events],
        page=lambda: put_table(COLUMNS, [_row(event) for event in events]),
    )


def _require_model(handle: Handle, model: str) -> None:
    """Raises NotFound, for the name of an endpoint with the command for its history."""
    try:
        model_rows(handle, model, newest=1)
    except NotFound as error:
        if isinstance(error.hint, Hint) and error.hint.command == "endpoint show":
            raise NotFound(error.message, Hint("endpoint history", model)) from error
        raise


def _document(events: Sequence[PromotionEvent], followers: Sequence[Deployed]) -> list[Json]:
    """The events; the newest one of an environment names the endpoints that follow it."""
    newest = {event.environment: event.commit for event in reversed(events)}
    return [
        {
            **event.to_dict(),
            "endpoints": [
                each.to_dict()
                for each in followers
                if each.environment == event.environment and newest[event.environment] == event.commit
            ],
        }
        for event in events
    ]


def _fields(event: PromotionEvent) -> list[object]:
    version = event.promotion.version if event.promotion else None
    replicas = event.promotion.replicas if event.promotion else None
    return [event.when, event.environment, version, replicas, event.who, event.commit, event.message]


def _row(event: PromotionEvent) -> list[str]:
    promotion = event.promotion
    return [
        shown_time(event.when),
        event.environment,
        event.action,
        promotion.version if promotion else "removed",
        str(promotion.replicas) if promotion else "",
        one_line(person(event.who)),
        short(event.commit),
        one_line(event.message),
    ]
