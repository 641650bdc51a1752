"""`git regolo endpoint show`: shows the desired state of an endpoint."""

import sys

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.pages.endpoint import document_beside
from regolo_git.cli.streams import paint, put
from regolo_git.cli.tables import put_pairs, put_table
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.deployed import Deployed, read_deployed
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.text.commits import short
from regolo_git.text.numbers import decimal_text, share_text

COLUMNS = (
    Column("VERSION"),
    Column("WEIGHT", right=True),
    Column("REPLICAS", right=True),
    Column("COMMIT"),
    Column("DIGEST", flexible=True),
)


@click.command()
@endpoint_argument()
@form_options
def show(endpoint: str, form: Form) -> None:
    """Show the desired state of ENDPOINT: versions, weights, replicas and routing.

    The first line says whether it serves the version of the environment that it follows.

    \b
    With --plain, one line for each version:
      version, weight, replicas, commit, digest

    \b
    Examples:
      git regolo endpoint show reviews
      git regolo endpoint show reviews --json

    Exit status: 0 success; 3 no such endpoint; 5 its file is unreadable.
    """
    with open_handle() as handle:
        found = get_endpoint(handle, endpoint)
        beside = read_deployed(handle, found)
    emit(
        form,
        document=lambda: document_beside(found, beside),
        fields=lambda: [
            (version, decimal_text(found.traffic[version]), pin.replicas, pin.commit, pin.digest)
            for version, pin in found.versions.items()
        ],
        page=lambda: _put_page(found, beside),
    )


def _put_page(found: Endpoint, beside: Deployed) -> None:
    put("  ".join(filter(None, (found.endpoint, found.model, beside.state))))
    put("")
    put_table(
        COLUMNS,
        [
            (
                version,
                _weight(found, version),
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


def _weight(found: Endpoint, version: str) -> str:
    shadow = found.shadow.get(version)
    return share_text(found.traffic[version]) if shadow is None else f"shadow {share_text(shadow)}"
