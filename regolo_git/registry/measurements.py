"""The measurements of a version: those of its manifest, and those that were made later.

Gates, comparisons, lists and reviews all ask here, so that they agree on what was measured.  The evaluations
are those of the branch or commit that the records are of.
"""

from collections.abc import Mapping
from dataclasses import replace

from regolo_git.records.evaluations import Measured
from regolo_git.records.manifest import Manifest
from regolo_git.registry.records_at import RecordsAt


def measurements_of(records: RecordsAt, manifest: Manifest) -> Mapping[str, Measured]:
    """The newest measurement of each metric, and the evaluation that it is from, if any.

    Raises IntegrityError for evaluations that cannot be read.
    """
    return records.evaluations(manifest.model).measured(manifest)


def with_evaluations(records: RecordsAt, manifest: Manifest) -> Manifest:
    """The manifest with what was measured later among its metrics, to be compared and judged, not written."""
    evaluations = records.evaluations(manifest.model)
    if not evaluations.of(manifest.version, manifest.artifact.digest):
        return manifest
    metrics = {name: held.measurement for name, held in measurements_of(records, manifest).items()}
    return replace(manifest, metrics=metrics, metadata=manifest.plain_metadata)


def measured_later(records: RecordsAt, manifest: Manifest) -> list[str]:
    """The metrics whose newest measurement is not that of the manifest, sorted."""
    found = measurements_of(records, manifest).items()
    return [name for name, held in found if held.evaluation is not None]
