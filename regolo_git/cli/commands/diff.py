"""`git regolo diff`: compares two versions."""

from typing import Literal

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.arguments import complete_second, reference_argument
from regolo_git.cli.pages.comparison import document, fields
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.streams import put
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows, read_version_manifest
from regolo_git.registry.merge_state import read_merge_state
from regolo_git.review.comparison_page import comparison_page
from regolo_git.review.versions import compare_versions

Format = Literal["table", "markdown", "html", "json"]


@click.command()
@reference_argument("MODEL[@A]", name="a")
@click.argument("b", metavar="[MODEL@B|B]", required=False, shell_complete=complete_second)
@click.option(
    "--format",
    "page_format",
    type=click.Choice(["table", "markdown", "html", "json"]),
    default="table",
    help="The output format: Markdown for a pull request, or an HTML page.  [default: table]",
)
@form_options
def diff(a: Reference, b: str | None, page_format: Format, form: Form) -> None:
    """Compare two versions: metrics, metadata, files, tensors and size; and suggest a version bump.

    With one version, compares it with its parent version; with a model, compares its two newest releases.

    \b
    With --plain, one line for each difference:
      metric    name, a, b, difference, relative, verdict
      metadata  name, a, b
      file      path, added|removed|changed, bytes in a, bytes in b
      tensor    name, added|removed|reshaped|changed, a, b
      size      a, b, difference in bytes

    \b
    Examples:
      git regolo diff sentiment@1.0 sentiment@1.1
      git regolo diff sentiment@production 1.2 --format markdown
      git regolo diff sentiment

    Exit status: 0 success, whatever differs; 2 an invalid reference, or different models; 3 no such version;
    6 the store is not there.
    """
    if page_format != "table" and form != "people":
        raise InvalidInput(f"--format and --{form} cannot be used together")
    with open_handle() as handle:
        before, after = _chosen(handle, a, b)
        comparison = compare_versions(handle, before, after)
    if page_format == "markdown":
        put(comparison.to_markdown().rstrip("\n"))
    elif page_format == "html":
        put(comparison.to_html().rstrip("\n"))
    else:
        emit(
            "json" if page_format == "json" else form,
            document=lambda: document(comparison),
            fields=lambda: fields(comparison),
            page=lambda: put_page(comparison_page(comparison)),
        )


def _chosen(handle: Handle, a: Reference, b: str | None) -> tuple[Reference, Reference]:
    if b is not None:
        return a, Reference.parse(b) if "@" in b else Reference.select(a.model, b)
    if a.latest:
        return _newest_releases(handle, a.model)
    manifest = read_version_manifest(handle, a)
    if not manifest.parents:
        raise NotFound(f"'{a}' has no parent version", _with_another(handle, a, manifest.version))
    return Reference.select(a.model, manifest.parents[0]), a


def _with_another(handle: Handle, a: Reference, version: str) -> Hint:
    others = [row.version for row in model_rows(handle, a.model) if row.version != version]
    return Hint("diff", str(a), others[0]) if others else Hint("commit", a.model, "PATH")


def _newest_releases(handle: Handle, model: str) -> tuple[Reference, Reference]:
    rows, state = model_rows(handle, model), read_merge_state(handle)
    releases = [row.version for row in rows if Version.parse(row.version).is_release and state.has(row)]
    if len(releases) < 2:
        raise NotFound(
            f"model '{model}' has {'one release' if releases else 'no releases'}, but two are required",
            Hint("list", model),
        )
    older, newer = (Reference.select(model, version) for version in releases[-2:])
    return older, newer
