"""`git regolo show`: shows a version in detail."""

from dataclasses import replace

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option
from regolo_git.cli.forms import Form, emit, flat, form_options
from regolo_git.cli.options.targets import complete_one, to_one
from regolo_git.cli.pages.shown_version import Shown, look_up
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.pages.version import document, version_page
from regolo_git.cli.streams import put
from regolo_git.errors import InvalidInput
from regolo_git.records.paths import manifest_path
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import AtRevision, OneVersion
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row, only_model
from regolo_git.registry.versions.tagged_manifest import manifest_data


@click.command()
@click.argument(
    "reference",
    metavar="[MODEL[@V]|REV:MODEL]",
    required=False,
    callback=to_one,
    shell_complete=complete_one,
)
@click.option("--manifest", "raw", is_flag=True, help="Print the manifest as stored in Git.")
@click.option("--names", is_flag=True, help="Also list the names that its pickles ask for.")
@date_option
@form_options
def show(reference: OneVersion | None, raw: bool, names: bool, form: Form) -> None:
    """Show a version in detail: its author and date, content, metrics, metadata and lineage.

    MODEL alone is its newest release, and MODEL is by default the only model of the registry.

    ONNX, GGUF and skops files whose content is in the local store also show their inputs and outputs.

    REV:MODEL is the version that a branch, a proposal or any commit has; :MODEL is the work tree.

    --names reads the files and loads none: a name is what loading a pickle would import. It is allowed, known
    (a library's class that holds data), unknown or dangerous; what cannot be read is unreadable.
    With 'regolo-git[scan]' installed, modelaudit-picklescan is asked too, for a second opinion.

    \b
    With --plain, one line for each value: dotted name as in --json, value

    \b
    Examples:
      git regolo show sentiment
      git regolo show sentiment@1.0 --manifest
      git regolo show sentiment@1.0 --names
      git regolo show sentiment@production --json
      git regolo show origin/propose/sentiment@1.2+0c5d3e9a:sentiment

    Exit status: 0 success; 2 invalid reference; 3 no such model, version or commit; 5 tag and manifest
    disagree; 6 the store is not there.
    """
    if raw and (form != "people" or names):
        raise InvalidInput("--manifest cannot be used with --names, --json or --plain")
    with open_handle() as handle:
        version = reference if reference is not None else Reference.parse(only_model(handle, "show"))
        if raw:
            put(_stored_manifest(handle, version))
            return
        shown = look_up(handle, version)
        if names:
            shown = _with_names(handle, shown)
        emit(
            form,
            document=lambda: document(shown),
            fields=lambda: flat(document(shown)),
            page=lambda: put_page(version_page(shown)),
        )


def _with_names(handle: Handle, shown: Shown) -> Shown:
    from regolo_git.registry.pickle_names import names_of_version, second_opinions  # noqa: PLC0415

    pickles = names_of_version(handle, shown.manifest)
    return replace(shown, pickles=pickles, opinions=second_opinions(handle, shown.manifest, pickles))


def _stored_manifest(handle: Handle, version: OneVersion) -> str:
    """The text in Git or in the work tree, also of a manifest that cannot be read."""
    if isinstance(version, AtRevision):
        from regolo_git.registry.revisions import manifest_at, revision_at  # noqa: PLC0415 - most have a tag

        revision = revision_at(handle, version.revision)
        stored = revision.records.data(manifest_path(version.model)) or b""
        if not stored:
            manifest_at(revision, version.model)  # raises that there is none
    else:
        stored = manifest_data(handle, find_row(handle, version))
    return stored.decode("utf-8", "backslashreplace").rstrip("\n")
