"""Finds the first bad version of a model between a good and a bad one, by trying out few of them."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.fetching import fetch_recipe, fetching
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row, model_rows, versions_of_rows
from regolo_git.registry.version_status import RETIRED
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text.json_values import Plain
from regolo_git.text.numbers import counted, few_of

Outcome = Literal["good", "bad", "skip"]
Try = Callable[[ModelVersion, Path], Outcome]
OnTry = Callable[[ModelVersion, int], None]
OnOutcome = Callable[[ModelVersion, Outcome], None]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first bad version and the good one before it, with the outcome of each that was tried."""

    version: ModelVersion
    good: ModelVersion
    tried: tuple[tuple[str, Outcome], ...]

    def to_dict(self) -> Plain:
        """The result as plain values, under the names of `git regolo bisect --json`."""
        return {
            "model": self.version.model_id,
            "first_bad": self.version.version,
            "good": self.good.version,
            "commit": self.version.commit,
            "by": self.version.created_by,
            "tried": [{"version": version, "outcome": outcome} for version, outcome in self.tried],
        }


def find_first_bad(
    handle: Handle,
    good: Reference,
    bad: Reference,
    attempt: Try,
    *,
    on_try: OnTry = lambda *_: None,
    on_outcome: OnOutcome = lambda *_: None,
    on_progress: OnProgress = ignore_progress,
) -> FirstBad:
    """Tries versions between `good` and `bad`, in the order of their numbers, each in a directory of its own.

    `attempt` gets a version and the path of its file or directory, which is removed afterwards, whatever
    happens.  `on_try` gets each version and the number of those that remain, `on_outcome` what came out.
    Raises NotFound if those that remain were all skipped, InvalidInput if `good` is not lower than `bad`.
    """
    versions = _between(handle, good, bad)
    outcomes: dict[int, Outcome] = {}
    low, high = 0, len(versions) - 1
    while high - low > 1:
        number = _next(low, high, outcomes)
        if number is None:
            raise _all_skipped(versions[low + 1 : high + 1])
        on_try(versions[number], high - low - 1)
        with tempfile.TemporaryDirectory(prefix="regolo-bisect-") as directory:
            place = _restored(handle, versions[number], Path(directory), on_progress)
            outcome = outcomes[number] = attempt(versions[number], place)
        on_outcome(versions[number], outcome)
        if outcome == "good":
            low = number
        elif outcome == "bad":
            high = number
    tried = tuple((versions[number].version, outcome) for number, outcome in outcomes.items())
    return FirstBad(versions[high], versions[low], tried)


def _between(handle: Handle, good: Reference, bad: Reference) -> list[ModelVersion]:
    """Both versions and those between them in the line of the bad one, without retired ones."""
    first, last = find_row(handle, good), find_row(handle, bad)
    low, high = Version.parse(first.version), Version.parse(last.version)
    if low >= high:
        raise InvalidInput(
            f"'{first.model}@{first.version}' is not lower than '{last.version}'",
            Hint("bisect", good.model, last.version, first.version, "--", "CMD", "{path}"),
        )

    def belongs(row: TagRow) -> bool:
        version = Version.parse(row.version)
        return low < version < high and version.environment == high.environment

    rows = [first, *filter(belongs, model_rows(handle, good.model)), last]
    versions = versions_of_rows(handle, rows)
    return [v for number, v in enumerate(versions) if number in (0, len(rows) - 1) or v.status != RETIRED]


def _next(low: int, high: int, outcomes: dict[int, Outcome]) -> int | None:
    """The untried version nearest to the middle; None if those between were all skipped."""
    middle = (low + high) // 2
    left = [number for number in range(low + 1, high) if number not in outcomes]
    return min(left, key=lambda number: abs(number - middle)) if left else None


def _restored(handle: Handle, version: ModelVersion, directory: Path, on_progress: OnProgress) -> Path:
    row = find_row(handle, Reference.select(version.model_id, version.version))
    manifest = read_tagged_manifest(handle, row)
    fetch_recipe(handle, manifest)
    name = manifest.file_name
    return materialize(
        handle.stores,
        manifest.artifact,
        directory / name,
        root=directory,
        fetch=fetching(handle),
        on_progress=on_progress,
    ).path


def _all_skipped(versions: Sequence[ModelVersion]) -> NotFound:
    names = [version.version for version in versions]
    which = few_of(names[:SHOWN], len(names))
    return NotFound(
        f"too many were skipped: the first bad version is one of {counted(len(names), 'version')}: {which}",
        "try a command that can tell",
    )
