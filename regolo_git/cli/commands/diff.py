"""`git regolo diff`: compares two versions, commits, or the work tree."""

from collections.abc import Sequence
from typing import Literal

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.targets import complete_sides, find_target
from regolo_git.cli.pages import comparison as page_of_one
from regolo_git.cli.pages import revision_comparison as page_of_all
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import put
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import (
    CommitRange,
    OneVersion,
    VersionRange,
    parse_one,
)
from regolo_git.registry.counterpart import with_counterpart
from regolo_git.registry.handle import Handle
from regolo_git.registry.revisions import revisions_of
from regolo_git.reviews.comparison import Comparison
from regolo_git.reviews.comparison_page import comparison_page
from regolo_git.reviews.html import to_html_of_several
from regolo_git.reviews.markdown import to_markdown
from regolo_git.reviews.revision_pages import revision_pages, revision_title
from regolo_git.reviews.versions import (
    RevisionComparison,
    compare_revisions,
    compare_versions,
    compare_work_tree,
)

Format = Literal["table", "markdown", "html", "json"]
MOST = 3


@click.command()
@click.argument("sides", metavar="[A [B]]", nargs=-1, shell_complete=complete_sides)
@click.option(
    "--format",
    "page_format",
    type=click.Choice(["table", "markdown", "html", "json"]),
    default="table",
    help="The output format: Markdown for a pull request, or an HTML page.  [default: table]",
)
@click.option("--values", is_flag=True, help="Read the tensors that changed, and show how much.")
@form_options
def diff(sides: tuple[str, ...], page_format: Format, values: bool, form: Form) -> None:
    """Compare two versions: metrics, metadata, files, tensors and size; and suggest a version bump.

    A and B are MODEL@VERSION, MODEL@ENVIRONMENT, or REV:MODEL for what a branch, a proposal or any commit
    has; :MODEL is the work tree.  Without B, A is compared with its parent version, :MODEL with HEAD, and of
    MODEL the two newest releases.  Without A and B, each model that was modified in the work tree is
    compared with its version.

    MODEL@A..B compares two versions of MODEL.  Any other A..B compares every model that differs between two
    commits, and A...B those that changed on B since it left A.

    --values reads both versions of every tensor that changed and shows the norm of the difference relative
    to that of A, the cosine between both, the largest change of a value, the share of values that changed,
    and the number of NaN and infinite values.  It needs NumPy: pip install 'regolo-git[values]'.

    \b
    With --plain, one line for each difference:
      metric    name, a, b, difference, relative, verdict
      metadata  name, a, b
      file      path, added|removed|changed, bytes in a, bytes in b
      interface name, input|output|class, a, b, file
      tensor    name, added|removed|reshaped|changed, a, b
      values    name, relative norm, cosine, largest change, share changed,
                NaN in a, NaN in b, infinite in a, infinite in b
      size      a, b, difference in bytes
    and for several models, before the lines of each:
      model     name, added|removed|changed, version in a, version in b

    \b
    Examples:
      git regolo diff
      git regolo diff sentiment 1.0 1.1
      git regolo diff sentiment@production 1.2 --format markdown
      git regolo diff main:nlp origin/propose/nlp@1.2+0c5d3e9a:nlp
      git regolo diff main...HEAD

    Exit status: 0 success, whatever differs; 2 an invalid reference, or different models; 3 no such version,
    or a commit that this clone lacks; 6 the store is not there; 9 --values without NumPy.
    """
    if page_format != "table" and form != "people":
        raise InvalidInput(f"--format and --{form} cannot be used together")
    chosen: Form = "json" if page_format == "json" else form
    with open_handle() as handle, ProgressBar("reading") as bar:
        found = _compare(handle, sides, bar, values=values)
    if isinstance(found, Comparison):
        _show_one(found, page_format, chosen)
    else:
        _show_all(found, page_format, chosen)


def _compare(
    handle: Handle, texts: Sequence[str], bar: ProgressBar, *, values: bool
) -> Comparison | RevisionComparison:
    if not texts and values:
        raise InvalidInput("--values compares stored versions, not the work tree", Hint("diff", "MODEL"))
    if not texts:
        return compare_work_tree(handle, bar.show)
    first = find_target(handle, texts[0])
    if isinstance(first, CommitRange):
        _refuse_more(texts, 1)
        return compare_revisions(handle, *revisions_of(handle, first), bar.show, values=values)
    if isinstance(first, VersionRange):
        _refuse_more(texts, 1)
        return compare_versions(handle, first.a, first.b, bar.show, values=values)
    return compare_versions(handle, *_two(handle, first, texts), bar.show, values=values)


def _refuse_more(texts: Sequence[str], most: int) -> None:
    if len(texts) > most:
        raise InvalidInput(f"unexpected argument '{texts[most]}'", Hint("diff", *texts[:most]))


def _two(handle: Handle, first: OneVersion, texts: Sequence[str]) -> tuple[OneVersion, OneVersion]:
    """The two sides that one, two or three arguments name."""
    if len(texts) == 1:
        return with_counterpart(handle, first)
    if len(texts) == MOST and isinstance(first, Reference) and first.is_bare:
        a, b = (Reference.select(first.model, selector) for selector in texts[1:])
        return a, b
    _refuse_more(texts, 2)
    whole = "@" in texts[1] or ":" in texts[1]
    return first, parse_one(texts[1]) if whole else Reference.select(first.model, texts[1])


def _show_one(found: Comparison, page_format: Format, form: Form) -> None:
    if page_format == "markdown":
        put(found.to_markdown().rstrip("\n"))
    elif page_format == "html":
        put(found.to_html().rstrip("\n"))
    else:
        emit(
            form,
            document=found.to_dict,
            fields=lambda: page_of_one.fields(found),
            page=lambda: put_page(comparison_page(found)),
        )


def _show_all(found: RevisionComparison, page_format: Format, form: Form) -> None:
    pages = revision_pages(found)
    if page_format == "markdown":
        put("\n".join(map(to_markdown, pages)).rstrip("\n"))
    elif page_format == "html":
        put(to_html_of_several(revision_title(found), pages).rstrip("\n"))
    else:
        emit(
            form,
            document=found.to_dict,
            fields=lambda: page_of_all.fields(found),
            page=lambda: page_of_all.put_pages(found, pages),
        )
