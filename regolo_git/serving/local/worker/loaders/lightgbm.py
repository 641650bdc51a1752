"""Format `lightgbm`: a model in LightGBM's own text, which its library parses and no code is in."""

from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import Any

from regolo_git.errors import IntegrityError
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_extra
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.loaders.libraries import with_numpy
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker.loaders.options import method_of, threads_of
from regolo_git.serving.local.worker.loaders.tree_inputs import Convert, TreeInputs, codes, described
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec

METHODS = ("predict", "raw")
END = b"end of trees"


def load(spec: WorkerSpec) -> Predictor:
    """Loads the model.  Raises IntegrityError if the library cannot read it."""
    library, numpy = with_numpy("lightgbm", missing_extra("lightgbm", "lightgbm"))
    path = one_file(spec.path, ".txt")
    method = method_of(spec, METHODS)
    _check_whole(path)
    try:
        booster = library.Booster(model_file=str(path))
    except (library.basic.LightGBMError, ValueError) as error:
        raise IntegrityError(f"'{path.name}' is not a model that LightGBM can load: {error}") from error
    return _Booster(booster, numpy, method, threads_of(spec))


def _check_whole(path: Path) -> None:
    """The library ends the process if a tree is cut off, instead of raising.  Raises IntegrityError."""
    text = path.read_bytes()
    first, end = text.find(b"\nTree="), text.find(b"\n" + END)
    sizes = next((line[11:].split() for line in text[:first].splitlines() if line[:11] == b"tree_sizes="), [])
    are_numbers = all(size.isdigit() and len(size) < 12 for size in sizes)
    if not text.startswith(b"tree\n") or first < 0 or end < 0 or not are_numbers:
        raise IntegrityError(f"'{path.name}' is not a whole model of LightGBM")
    if sizes and sum(map(int, sizes)) != end - first:
        raise IntegrityError(f"'{path.name}' has trees of other sizes than it says")


class _Booster(RowModel):
    def __init__(self, booster: Any, numpy: Any, method: str, threads: int) -> None:
        self._booster = booster
        self._is_raw = method == "raw"
        self._threads = threads
        names = booster.feature_name()
        are_names = names != [f"Column_{number}" for number in range(len(names))]
        converted = _converted(booster)
        self._inputs = TreeInputs(numpy, "FP64", len(names), names if are_names else None, converted)
        self._output = described(self.run(self._inputs.unknown(), {}))

    def prepare(self, call: Call) -> object:
        return self._inputs.make(call)

    def run(self, argument: object, _: Mapping[str, Json]) -> Any:
        return self._booster.predict(
            argument, raw_score=self._is_raw, num_threads=self._threads, validate_features=False
        )

    def signature(self) -> Signature:
        return Signature("lightgbm_booster", self._inputs.described, (self._output,))


def _converted(booster: Any) -> dict[int, Convert]:
    """Columns that were categories of pandas, in their order; unknown ones are missing, as in the library."""
    known = booster.pandas_categorical or []
    infos = booster.dump_model(num_iteration=1)["feature_infos"] if known else {}
    names = booster.feature_name()
    places = [at for at, name in enumerate(names) if infos.get(name, {}).get("values")]
    if len(places) != len(known):
        # Which of the categories are those of pandas is not said: a request has the codes of all.
        return {}
    return {
        at: codes({value: code for code, value in enumerate(values)}, nan)
        for at, values in zip(places, known, strict=True)
    }
