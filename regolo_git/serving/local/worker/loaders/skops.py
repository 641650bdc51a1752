"""Format `skops`: scikit-learn models without pickle.

skops builds only types that it trusts or that the operator named; nothing in the file can add to them.
"""

from importlib import import_module
from typing import Any
from zipfile import BadZipFile

from regolo_git.errors import IntegrityError, InvalidInput, PolicyRefused
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, Predictor, Signature, TensorType
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker_orders import WorkerSpec

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")


def load(spec: WorkerSpec) -> Predictor:
    """Loads the model.  Raises PolicyRefused, naming types that the operator does not trust."""
    try:
        # Optional and slow to import; only in this worker.
        skops = import_module("skops.io")
        numpy = import_module("numpy")
        not_fitted = import_module("sklearn.exceptions").NotFittedError
    except ImportError as error:
        raise missing_library("skops", "format 'skops'") from error
    path = one_file(spec.path, ".skops")
    method = spec.options.get_optional("method", str) or "predict"
    if method not in METHODS:
        raise InvalidInput(f"'{method}' is not one of {', '.join(METHODS)}")
    try:
        unknown = sorted(set(skops.get_untrusted_types(file=path)) - set(spec.trusted_types))
        if unknown:
            raise PolicyRefused(
                f"'{path.name}' contains types that are not trusted: {', '.join(unknown)}",
                f"trusted_types = {unknown} in the operator's policy".replace("'", '"'),
            )
        model = skops.load(path, trusted=list(spec.trusted_types))
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise IntegrityError(f"'{path.name}' is not a skops file: {error}") from error
    return _Estimator(model, method, numpy, not_fitted)


class _Estimator:
    def __init__(self, model: Any, method: str, numpy: Any, not_fitted: type[Exception]) -> None:
        self._model = model
        self._not_fitted = not_fitted
        self._call = getattr(model, method)
        self._numpy = numpy
        self._features: int | None = getattr(model, "n_features_in_", None)
        names = getattr(model, "feature_names_in_", None)
        self._names: tuple[str, ...] | None = tuple(names) if names is not None else None

    def predict(self, call: Call) -> object:
        rows = self._rows(call)
        try:
            array = self._numpy.asarray(rows)
        except ValueError as error:
            raise InvalidInput("the rows differ in length") from error
        if self._features is not None and (array.ndim != 2 or array.shape[1] != self._features):
            raise InvalidInput(f"the model expects rows of {self._features} values")
        try:
            return self._call(array)
        except self._not_fitted:
            raise
        except (ValueError, TypeError) as error:
            # scikit-learn raises these for values that it cannot use: text, missing values, infinity.
            raise InvalidInput(f"the model rejects these values: {error}") from error

    def _rows(self, call: Call) -> Json:
        """Rows in the order of the model's features; named columns are reordered."""
        if call.named is not None:
            if len(call.named) == 1:
                return next(iter(call.named.values()))
            return _from_columns(call.named, self._names)
        if call.columns is None or self._names is None:
            return call.rows
        if set(call.columns) != set(self._names):
            raise InvalidInput(f"the model expects the columns {', '.join(self._names)}")
        order = [call.columns.index(name) for name in self._names]
        return [[row[i] for i in order] for row in call.rows or [] if isinstance(row, list)]

    def signature(self) -> Signature:
        features = self._features if self._features is not None else -1
        return Signature("sklearn_skops", inputs=(TensorType("input-0", "FP64", (-1, features)),))


def _from_columns(named: Any, names: tuple[str, ...] | None) -> Json:
    columns = [named[name] for name in names or named if name in named]
    if names is not None and set(named) != set(names):
        raise InvalidInput(f"the model expects the columns {', '.join(names)}")
    try:
        return [list(row) for row in zip(*columns, strict=True)]
    except (TypeError, ValueError) as error:
        raise InvalidInput("the columns differ in length") from error
