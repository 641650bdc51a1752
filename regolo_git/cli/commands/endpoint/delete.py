"""`git regolo endpoint delete`: deletes an endpoint from the operations branch."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.change import Consent, consent_options, message_option, push_option
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.streams import talk
from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.registry.endpoints.delete import delete_endpoint
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.text.numbers import shares_text


@click.command()
@endpoint_argument()
@consent_options
@push_option
@message_option
@json_option
def delete(endpoint: str, consent: Consent, push: bool | None, message: str | None, as_json: bool) -> None:
    """Delete ENDPOINT from the operations branch, keeping its history.

    Shows the plan and asks for confirmation; without a terminal it requires --yes.  A running gateway stops
    serving the endpoint.

    \b
    Examples:
      git regolo endpoint delete reviews --dry-run
      git regolo endpoint delete reviews -m "replaced by reviews-v2" --yes

    Exit status: 0 success; 3 no such endpoint; 4 not confirmed, or with --push something else was not pushed;
    6 the remote cannot be reached or refuses.
    """
    with open_handle() as handle:
        summary, document = _description(handle, endpoint)
        talk(f"delete endpoint {endpoint}: {summary}")
        proceed = consent.given(
            f"Delete {endpoint}?", otherwise=f"refusing to delete '{endpoint}' without confirmation"
        )
        if proceed:
            delete_endpoint(handle, endpoint, message=message, push=push)
    put_result(endpoint if proceed else None, {**document, "deleted": proceed}, as_json=as_json)


def _description(handle: Handle, name: str) -> tuple[str, dict[str, Json]]:
    """The endpoint as text and JSON; an unreadable one can be deleted, one of a newer format cannot."""
    try:
        found = get_endpoint(handle, name)
    except NewerFormat:
        raise
    except IntegrityError as error:
        return error.message, {"endpoint": name, "problem": error.message}
    return shares_text(found.traffic), found.to_dict()
