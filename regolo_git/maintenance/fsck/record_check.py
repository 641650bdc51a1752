"""Checks the current records on the registry branch, which people edit and the next command reads.

`tag_check.py` checks the manifests of tagged versions.
"""

from collections.abc import Iterator

from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.registry.records_at import RecordsAt


def check_records(records: RecordsAt) -> Iterator[Problem]:
    """The records that cannot be read or are misplaced.  Raises IntegrityError for the configuration."""
    kinds = (
        records.manifests().broken,
        records.misplaced_manifests(),
        records.cards().broken,
        records.retired_lists().broken,
        records.all_evaluations().broken,
        records.all_labels().broken,
        records.promotions().broken,
        records.endpoints().broken,
    )
    for broken in kinds:
        for path, error in broken.items():
            what = error.message.removeprefix(f"'{path}'").removeprefix(":").lstrip()
            yield Problem(f"'{path}'", what, error.hint)
