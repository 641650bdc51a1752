"""`git regolo show`: shows a version in detail."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, flat, form_options
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.pages.shown_version import look_up
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.pages.version import document, version_page
from regolo_git.cli.streams import put
from regolo_git.errors import InvalidInput
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.model_version import manifest_data


@click.command()
@reference_argument("MODEL[@V]")
@click.option("--manifest", "raw", is_flag=True, help="Print the manifest as stored in Git.")
@form_options
def show(reference: Reference, raw: bool, form: Form) -> None:
    """Show a version in detail: its author and date, content, metrics, metadata and lineage.

    \b
    With --plain, one line for each value: dotted name as in --json, value

    \b
    Examples:
      git regolo show sentiment
      git regolo show sentiment@1.0 --manifest
      git regolo show sentiment@production --json

    Exit status: 0 success; 2 invalid reference; 3 no such model or version; 5 tag and manifest disagree;
    6 the store is not there.
    """
    if raw and form != "people":
        raise InvalidInput("--manifest cannot be used with --json or --plain")
    with open_handle() as handle:
        if raw:
            put(_stored_manifest(handle, reference))
            return
        shown = look_up(handle, reference)
        emit(
            form,
            document=lambda: document(shown),
            fields=lambda: flat(document(shown)),
            page=lambda: put_page(version_page(shown)),
        )


def _stored_manifest(handle: Handle, reference: Reference) -> str:
    """The text in Git, also of a manifest that cannot be read."""
    stored = manifest_data(handle, find_row(handle, reference))
    return stored.decode("utf-8", "backslashreplace").rstrip("\n")
