"""Reads the predictions of two versions from the stores and compares them case by case."""

from collections.abc import Iterator, Mapping

from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.errors import (
    IntegrityError,
    InvalidInput,
    MissingDependency,
    NotFound,
    PolicyRefused,
    TransportError,
)
from regolo_git.records.manifest import Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store
from regolo_git.text.numbers import Number
from regolo_git.verdict.metrics import Paired, Unpaired, why_not_comparable
from regolo_git.verdict.pairs import LINE_LIMIT, Predictions, Values, pair_predictions

Version = tuple[Manifest, Recipe | None]


def paired_metrics(store: Store, a: Version, b: Version) -> dict[str, Paired]:
    """The noise of each metric that has predictions in both versions, or the reason why it is not known.

    Bytes that no store has are a reason not to compare the predictions, never an error.
    """
    found: dict[str, Paired] = {}
    for files, values in _by_files(a[0].measurements, b[0].measurements).items():
        found |= _paired(store, (a, b), files, values)
    return found


def _by_files(
    a: Mapping[str, Measurement], b: Mapping[str, Measurement]
) -> dict[tuple[str, str], dict[str, tuple[Number, Number]]]:
    """The values of the metrics to compare, by their two files, so that each file is read once."""
    found: dict[tuple[str, str], dict[str, tuple[Number, Number]]] = {}
    for name in sorted(a.keys() & b.keys()):
        one, other = a[name], b[name]
        if one.predictions is None or other.predictions is None or why_not_comparable(one, other):
            continue
        found.setdefault((one.predictions, other.predictions), {})[name] = (one.value, other.value)
    return found


def _paired(
    store: Store, versions: tuple[Version, Version], paths: tuple[str, str], values: Values
) -> Mapping[str, Paired]:
    try:
        a, b = (_predictions(store, *version, path) for version, path in zip(versions, paths, strict=True))
        return pair_predictions(a, b, values)
    except InvalidInput as error:
        return dict.fromkeys(values, Unpaired(error.message))
    except (NotFound, TransportError, PolicyRefused, MissingDependency) as error:
        return dict.fromkeys(values, Unpaired(f"predictions not read: {error.message}", absent=True))
    except IntegrityError as error:
        return dict.fromkeys(values, Unpaired(f"predictions not read: {error.message}"))


def _predictions(store: Store, manifest: Manifest, recipe: Recipe | None, path: str) -> Predictions:
    name = f"{path} of {manifest.version}"
    if recipe is None:
        raise NotFound(f"the recipe of {manifest.version} is in no store")
    for number, file in enumerate(recipe.files):
        if (file.path or manifest.file_name) == path:
            return Predictions(name, _lines(store, recipe, number))
    raise InvalidInput(f"there is no file '{name}'")


def _lines(store: Store, recipe: Recipe, number: int) -> Iterator[bytes]:
    """The lines of a file; a longer one than is allowed comes in pieces, of which the first is too long."""
    with StoredFile(store, recipe, number).buffered() as file:
        yield from iter(lambda: file.readline(LINE_LIMIT + 1), b"")
