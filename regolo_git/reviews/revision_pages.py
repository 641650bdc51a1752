"""The pages of a comparison of two revisions: one for each model that changed, was added or was removed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from regolo_git.records.manifest import Manifest
from regolo_git.reviews.comparison_page import FEW, comparison_page
from regolo_git.reviews.page import Cell, Column, Page, Section
from regolo_git.text.numbers import few_of, rounded_text
from regolo_git.text.sizes import size_text

if TYPE_CHECKING:
    from regolo_git.reviews.versions import RevisionComparison

METRICS_SHOWN = 50


def revision_pages(comparison: "RevisionComparison") -> list[Page]:
    """The pages, sorted by model."""
    pages = [
        *map(comparison_page, comparison.changed),
        *(_one_sided(comparison, manifest, "new model") for manifest in comparison.added),
        *(_one_sided(comparison, manifest, "removed") for manifest in comparison.removed),
    ]
    return sorted(pages, key=lambda page: page.subject)


def revision_title(comparison: "RevisionComparison") -> str:
    """The title of all pages together."""
    return f"{comparison.a} → {comparison.b}"


def _one_sided(comparison: "RevisionComparison", manifest: Manifest, what: str) -> Page:
    size = size_text(manifest.artifact.size)
    later = comparison.later.get(manifest.model, ())
    notes = [manifest.description] if manifest.description else []
    measured = [f"measured later: {few_of(later[:FEW], len(later))}"] if later else []
    return Page(
        subject=manifest.model,
        title=f"{manifest.version} ({what})",
        lead=[Cell(f"Size {size}{''.join(f'; {words}' for words in measured)}.")],
        brief=size,
        notes=[*notes, *measured],
        sections=list(_metrics(manifest)),
    )


def _metrics(manifest: Manifest) -> Iterator[Section]:
    rows = [(name, rounded_text(value)) for name, value in manifest.metric_values.items()]
    columns = Column("metric", flexible=True), Column(manifest.version, number=True)
    yield Section("Metrics", rows, columns, most=METRICS_SHOWN, screenful=METRICS_SHOWN, rest="see --json")
