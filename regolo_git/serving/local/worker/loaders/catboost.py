"""Format `catboost`: a model in CatBoost's own binary form, which its library parses and no code is in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regolo_git.errors import IntegrityError, InvalidInput, ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_extra
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.loaders.libraries import with_numpy
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker.loaders.options import method_of, threads_of
from regolo_git.serving.local.worker.loaders.tree_inputs import TreeInputs, described
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec

# What the library calls them; `predict` gives classes if the model has some.
METHODS = {"predict": "Class", "predict_proba": "Probability", "raw": "RawFormulaVal"}
MARK = b"CBM1"


def load(spec: WorkerSpec) -> Predictor:
    """Loads the model.  Raises IntegrityError if the library cannot read it."""
    library, numpy = with_numpy("catboost", missing_extra("catboost", "catboost"))
    path = one_file(spec.path, ".cbm")
    method = method_of(spec, METHODS)
    _check_whole(path)
    model = library.CatBoost()
    try:
        model.load_model(str(path), format="cbm")
    except library.CatBoostError as error:
        raise IntegrityError(f"'{path.name}' is not a model that CatBoost can load: {error}") from error
    return _Model(model, library, numpy, method, threads_of(spec))


def _check_whole(path: Path) -> None:
    """The library may end the process if its first part is longer than the file.  Raises IntegrityError."""
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8 or head[:4] != MARK or int.from_bytes(head[4:], "little") > path.stat().st_size - 8:
        raise IntegrityError(f"'{path.name}' is not a whole model of CatBoost")


class _Model(RowModel):
    """Raises ServingError for features that are texts or embeddings, which a row of values cannot hold."""

    def __init__(self, model: Any, library: Any, numpy: Any, method: str, threads: int) -> None:
        if model.get_text_feature_indices() or model.get_embedding_feature_indices():
            raise ServingError("the model has features that are texts or embeddings, which are not supported")
        self._model = model
        self._library = library
        self._threads = threads
        names, self._categories = list(model.feature_names_), model.get_cat_feature_indices()
        has_classes = len(model.classes_) > 0
        self._kind = METHODS[method] if has_classes or method == "raw" else "RawFormulaVal"
        if method == "predict_proba" and not has_classes:
            raise ServingError("'method' is 'predict_proba', and the model has no classes")
        self._names = names
        are_names = names != [str(number) for number in range(len(names))]
        converted = dict.fromkeys(self._categories, _categories)
        self._inputs = TreeInputs(
            numpy, "FP32", len(names), names if are_names else None, converted, as_objects=bool(converted)
        )
        self._output = described(self.run(self._inputs.unknown(), {}))

    def prepare(self, call: Call) -> object:
        return self._inputs.make(call)

    def run(self, argument: object, _: Mapping[str, Json]) -> Any:
        pool = self._library.Pool(argument, cat_features=self._categories, feature_names=self._names)
        outputs: Any = self._model.predict(pool, prediction_type=self._kind, thread_count=self._threads)
        return outputs.ravel() if self._kind == "Class" and outputs.ndim == 2 else outputs

    def signature(self) -> Signature:
        return Signature("catboost_cbm", self._inputs.described, (self._output,))


def _categories(name: str, cells: list[Json]) -> list[str | int]:
    """Texts and integers, as the library takes them; of texts it does not know, it makes the best."""
    known: list[str | int] = []
    for cell in cells:
        if not isinstance(cell, str | int) or isinstance(cell, bool):
            raise InvalidInput(
                f"column '{name}' takes categories, which are text or integers, not {cell!r:.40}"
            )
        known.append(cell)
    return known
