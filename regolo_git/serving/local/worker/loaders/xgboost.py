"""Format `xgboost`: a model in XGBoost's own JSON or UBJSON, which its library parses and no code is in."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from regolo_git.errors import IntegrityError
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_extra
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.loaders.libraries import with_numpy
from regolo_git.serving.local.worker.loaders.one_file import one_file_of
from regolo_git.serving.local.worker.loaders.options import method_of, threads_of
from regolo_git.serving.local.worker.loaders.tree_inputs import Convert, TreeInputs, codes, described
from regolo_git.serving.local.worker.loaders.ubjson import check_ubjson
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec

METHODS = ("predict", "raw")
CATEGORY = "c"


def load(spec: WorkerSpec) -> Predictor:
    """Loads the model.  Raises IntegrityError if the library cannot read it."""
    library, numpy = with_numpy("xgboost", missing_extra("xgboost", "xgboost"))
    path = one_file_of(spec.path, (".ubj", ".json"))
    if path.suffix == ".ubj":
        check_ubjson(path)
    method = method_of(spec, METHODS)
    threads = threads_of(spec)
    try:
        booster = library.Booster({"nthread": threads}, model_file=str(path))
        return _Booster(booster, library, numpy, method, threads)
    except (library.core.XGBoostError, ValueError, KeyError, TypeError) as error:
        reason = str(error).partition("Stack trace")[0].strip()
        raise IntegrityError(f"'{path.name}' is not a model that XGBoost can load: {reason}") from error


class _Booster(RowModel):
    def __init__(self, booster: Any, library: Any, numpy: Any, method: str, threads: int) -> None:
        self._booster = booster
        self._library = library
        self._is_raw = method == "raw"
        self._threads = threads
        names, self._kinds = booster.feature_names, booster.feature_types
        self._names = names
        self._inputs = TreeInputs(numpy, "FP32", booster.num_features(), names, _converted(booster))
        # What scikit-learn's wrapper does, too, with a model whose training was stopped early.
        best = booster.attributes().get("best_iteration")
        self._rounds = (0, int(best) + 1) if best is not None else (0, 0)
        self._output = described(self.run(self._inputs.unknown(), {}))

    def prepare(self, call: Call) -> object:
        return self._inputs.make(call)

    def run(self, argument: object, _: Mapping[str, Json]) -> Any:
        data = self._library.DMatrix(
            argument, feature_names=self._names, feature_types=self._kinds, nthread=self._threads
        )
        return self._booster.predict(data, output_margin=self._is_raw, iteration_range=self._rounds)

    def signature(self) -> Signature:
        return Signature("xgboost_booster", self._inputs.described, (self._output,))


def _converted(booster: Any) -> dict[int, Convert]:
    """Features with categories that the file names, since 3.1; of others a request has the codes."""
    if CATEGORY not in (booster.feature_types or ()):
        return {}
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    # Of DART, the trees are one level below their weights.
    entries = model.get("gbtree", model).get("model", {}).get("cats", {}).get("enc", [])
    known = {at: _categories(entry) for at, entry in enumerate(entries)}
    return {at: codes(categories) for at, categories in known.items() if categories}


def _categories(entry: Mapping[str, Any]) -> dict[Any, int]:
    """Each category and its code: numbers, or texts that are one after another in bytes."""
    values: list[Any] = entry["values"]
    if "offsets" not in entry:
        return {value: code for code, value in enumerate(values)}
    if any(not 0 <= byte < 128 for byte in values):
        return {}  # 3.2 counts characters in the place of bytes, so the file lacks a part of the texts
    held = bytes(values).decode("ascii")
    return {held[begin:end]: code for code, (begin, end) in enumerate(pairwise(entry["offsets"]))}
