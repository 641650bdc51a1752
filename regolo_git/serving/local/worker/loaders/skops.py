"""Format `skops`: scikit-learn models without pickle.

skops builds only types that it trusts or that the operator named; nothing in the file can add to them.
"""

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from zipfile import BadZipFile

from regolo_git.errors import IntegrityError, InvalidInput, PolicyRefused
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.loaders.estimator_inputs import inputs_of
from regolo_git.serving.local.worker.loaders.number_texts import NumberTexts
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker.loaders.options import method_of
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec
from regolo_git.serving.policy import trusted_line

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")
PLAIN = (str, int, float, list, dict)
LONGEST_REASON = 500  # scikit-learn may repeat all of the values
NUMBERS = "biuf"  # kinds of numpy's types


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
    method = method_of(spec, METHODS)
    try:
        unknown = sorted(set(skops.get_untrusted_types(file=path)) - set(spec.trusted_types))
        if unknown:
            raise PolicyRefused(
                f"'{path.name}' contains types that are not trusted: {', '.join(unknown)}",
                f"name them in the policy: {trusted_line(unknown)}",
            )
        model = skops.load(path, trusted=list(spec.trusted_types))
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise IntegrityError(f"'{path.name}' is not a skops file: {error}") from error
    # Columns are in the order of the model's names, also where an array is enough for it.
    warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
    return _Estimator(model, method, numpy, not_fitted)


class _Estimator(RowModel):
    def __init__(self, model: Any, method: str, numpy: Any, not_fitted: type[Exception]) -> None:
        self._not_fitted = not_fitted
        self._call = getattr(model, method)
        self._numpy = numpy
        self._inputs = inputs_of(model, numpy)
        self._texts = NumberTexts(self._call)

    def prepare(self, call: Call) -> object:
        inputs = self._inputs.make(call)
        self._texts.check(inputs)
        return inputs

    def run(self, argument: Any, _: Mapping[str, Json]) -> object:
        try:
            return self._predict(argument)
        except self._not_fitted:
            raise
        except (ValueError, TypeError, OverflowError) as error:
            # scikit-learn raises these for values that it cannot use: text, missing values, infinity.
            reason = " ".join(str(error).split())[:LONGEST_REASON]
            raise InvalidInput(f"the model rejects these values: {reason}") from error
        except AttributeError as error:
            if not self._is_of(argument, error.obj):
                raise
            raise InvalidInput(f"the model rejects these values: {error}") from error

    def _is_of(self, inputs: Any, value: object) -> bool:
        """Whether a value that lacks an attribute may come from the caller, and not from the model."""
        if value is None:
            return None in self._numpy.asarray(inputs, dtype=object).ravel().tolist()
        return isinstance(value, (*PLAIN, self._numpy.ndarray, self._numpy.generic))

    def _predict(self, inputs: Any) -> object:
        if not isinstance(inputs, self._numpy.ndarray) or inputs.dtype.kind not in NUMBERS:
            return self._call(inputs)
        try:
            return self._call(inputs)
        except (ValueError, TypeError):
            # An encoder that was fitted on objects takes numbers only as objects.
            return self._call(inputs.astype(object))

    def signature(self) -> Signature:
        return Signature("sklearn_skops", self._inputs.described)
