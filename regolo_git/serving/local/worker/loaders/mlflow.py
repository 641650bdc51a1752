"""Format `mlflow`: a pyfunc directory.

It may contain pickles and code, which run when it is loaded, so the operator's policy has to allow it.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.loaders.mlflow_inputs import PyfuncInputs
from regolo_git.serving.local.worker.loaders.number_texts import NumberTexts
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec

LONGEST_REASON = 500


def load(spec: WorkerSpec) -> Predictor:
    """Loads the directory as a pyfunc model.  Raises IntegrityError if it is not one."""
    try:
        # Optional and slow to import; only in this worker.
        pyfunc = import_module("mlflow.pyfunc")
        exceptions = import_module("mlflow.exceptions")
        pandas = import_module("pandas")
        numpy = import_module("numpy")
    except ImportError as error:
        raise missing_library("mlflow", "format 'mlflow'") from error
    if not (spec.path / "MLmodel").is_file():
        raise IntegrityError(f"'{spec.path.name}' has no file 'MLmodel', so it is not an MLflow model")
    try:
        model = pyfunc.load_model(str(spec.path))
    except exceptions.MlflowException as error:
        raise IntegrityError(f"MLflow cannot load '{spec.path.name}': {error}") from error
    inputs = PyfuncInputs(model.metadata.get_input_schema(), numpy, pandas)
    return _Pyfunc(model, inputs, exceptions.MlflowException)


class _Pyfunc(RowModel):
    def __init__(self, model: Any, inputs: PyfuncInputs, refusal: type[Exception]) -> None:
        self._model = model
        self._inputs = inputs
        self._texts: NumberTexts | None = None
        self._refusals: tuple[type[Exception], ...] = (refusal,)
        self._failures: tuple[type[Exception], ...] = ()
        if model.loader_module == "mlflow.sklearn":
            # scikit-learn raises these for wrong values; of other code nothing is known.
            self._texts = NumberTexts(model.predict)
            self._refusals = (refusal, ValueError, TypeError, OverflowError)
            self._failures = (import_module("sklearn.exceptions").NotFittedError,)

    def prepare(self, call: Call) -> object:
        argument = self._inputs.make(call)
        if self._texts is not None:
            self._texts.check(argument)
        return argument

    def run(self, argument: object, parameters: Mapping[str, Json]) -> object:
        try:
            outputs: object = self._model.predict(argument, params=dict(parameters) or None)
        except self._failures:
            raise
        except self._refusals as error:
            # MLflow raises its own exception if the inputs do not fit the model's schema.
            raise InvalidInput(f"the inputs do not fit the model: {_reason(error)}") from error
        return outputs

    def signature(self) -> Signature:
        return Signature("mlflow_pyfunc", self._inputs.described())


def _reason(error: Exception) -> str:
    """Without the whole of the data, which MLflow repeats."""
    return " ".join(str(error).rpartition("Error: ")[2].split())[:LONGEST_REASON]
