"""Metrics and parameters as people and training code give them, before they are checked.

Values of None, which training tools write for what was not set or not measured, are dropped with a notice.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from regolo_git.artifacts.path_digest import digest_of
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.digests import ALGORITHMS, Digest
from regolo_git.records.manifest import Lineage
from regolo_git.records.metadata import normalize_metadata
from regolo_git.records.toml_text import Table
from regolo_git.registry.handle import Handle
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

Notice = Callable[[str], None]
IsNull = Callable[[object], bool]
NAMED = 5


def _is_none(value: object) -> bool:
    return value is None


def without_nulls(
    values: Mapping[str, object], what: str, notice: Notice, is_null: IsNull = _is_none
) -> dict[str, object]:
    """The values that are not null, at any depth; the names of the others are in a notice."""
    dropped: list[str] = []
    kept = _without_nulls(values, "", is_null, dropped)
    if dropped:
        names = [f"'{printable(name)}'" for name in dropped[:NAMED]]
        notice(f"left out {what} without a value: {few_of(names, len(dropped))}")
    return kept


def _without_nulls(
    values: Mapping[str, object], prefix: str, is_null: IsNull, dropped: list[str]
) -> dict[str, object]:
    kept: dict[str, object] = {}
    for key, value in values.items():
        if is_null(value):
            dropped.append(f"{prefix}{key}")
        elif isinstance(value, Mapping):
            kept[key] = _without_nulls(value, f"{prefix}{key}.", is_null, dropped)
        else:
            kept[key] = value
    return kept


def _is_unmeasured(value: object) -> bool:
    """Whether a value is None, or what is known of a measurement without the number."""
    return value is None or (isinstance(value, Mapping) and "value" in value and value["value"] is None)


def given_metrics(handle: Handle, metrics: Mapping[str, object], notice: Notice) -> dict[str, object]:
    """Metrics without None, and with the digest of each path that `on` names.

    Raises TypeError for anything but a mapping, NotFound and InvalidInput for a path that cannot be hashed.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics must map names to numbers, not {metrics!r}")
    return _with_digests(handle, without_nulls(metrics, "metrics", notice, _is_unmeasured), {})


def _with_digests(
    handle: Handle, metrics: Mapping[str, object], known: dict[str, Digest]
) -> dict[str, object]:
    named: dict[str, object] = {}
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            named[key] = _with_digests(handle, value, known)
        elif key == "on" and isinstance(value, str | Path):
            named[key] = str(data_digest(handle, value, known))
        else:
            named[key] = value
    return named


def data_digest(handle: Handle, given: str | Path, known: dict[str, Digest]) -> Digest:
    """The digest that is given, or that of the file or directory at a path; `known` has those of this call.

    Raises NotFound, InvalidInput.
    """
    text = str(given)
    if isinstance(given, str) and given.partition(":")[0] in ALGORITHMS:
        return Digest.parse(given)
    if text not in known:
        if not Path(given).exists():
            hint = "give a digest, sha256:<64 hex digits>, or the path of a file or directory"
            raise NotFound(f"'{printable(text)}' is neither a digest nor a file", hint)
        known[text] = digest_of(Path(given), algorithm=handle.config().digest, cache=handle.cache)
    return known[text]


def with_parameters(lineage: Lineage | None, parameters: Mapping[str, object], notice: Notice) -> Lineage:
    """The lineage with training parameters.  Raises InvalidInput for one that it has already, TypeError."""
    if not isinstance(parameters, Mapping):
        raise TypeError(f"params must map names to values, not {parameters!r}")
    held = lineage or Lineage()
    plain: Table = normalize_metadata(without_nulls(parameters, "parameters", notice))
    twice = sorted(held.parameters.keys() & plain.keys())
    if twice:
        raise InvalidInput(f"parameter '{printable(twice[0])}' is given twice", "leave one of them out")
    return replace(held, parameters={**held.parameters, **plain})
