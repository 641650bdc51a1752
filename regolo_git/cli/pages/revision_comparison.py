"""The output of `diff` for several models: a page for each, and the documents for programs."""

from collections.abc import Iterator, Sequence

from regolo_git.cli.pages import comparison as one
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.streams import put, talk
from regolo_git.reviews.page import Page
from regolo_git.reviews.versions import RevisionComparison


def fields(comparison: RevisionComparison) -> Iterator[tuple[object, ...]]:
    """The comparison as tab-separated fields: a line for each model, then one for each difference."""
    for changes in comparison.changed:
        yield "model", changes.model_id, "changed", changes.version_a, changes.version_b
        yield from one.fields(changes)
    for manifest in comparison.added:
        yield "model", manifest.model, "added", None, manifest.version
    for manifest in comparison.removed:
        yield "model", manifest.model, "removed", manifest.version, None


def put_pages(comparison: RevisionComparison, pages: Sequence[Page]) -> None:
    """Prints every page, or says that there is none."""
    if not pages:
        talk(f"no model differs between {comparison.a} and {comparison.b}")
    for number, page in enumerate(pages):
        if number:
            put("\n")
        put_page(page)
