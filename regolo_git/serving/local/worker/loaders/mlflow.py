"""Format `mlflow`: a pyfunc directory.

It may contain pickles and code, which run when it is loaded, so the operator's policy has to allow it.
"""

from importlib import import_module
from typing import Any

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker_orders import WorkerSpec


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
    return _Pyfunc(model, pandas, numpy, exceptions.MlflowException)


class _Pyfunc:
    def __init__(self, model: Any, pandas: Any, numpy: Any, refusal: type[Exception]) -> None:
        self._model = model
        self._pandas = pandas
        self._numpy = numpy
        self._refusal = refusal

    def predict(self, call: Call) -> object:
        try:
            return self._model.predict(self._inputs(call), params=dict(call.parameters) or None)
        except self._refusal as error:
            # MLflow raises this if the inputs do not fit the model's schema.
            raise InvalidInput(f"the inputs do not fit the model: {error}") from error

    def _inputs(self, call: Call) -> object:
        if call.columns is not None:
            return self._pandas.DataFrame(call.rows, columns=list(call.columns))
        try:
            if call.named is None:
                return self._numpy.asarray(call.rows)
            arrays = {name: self._numpy.asarray(value) for name, value in call.named.items()}
        except ValueError as error:
            raise InvalidInput("the inputs differ in length") from error
        return next(iter(arrays.values())) if len(arrays) == 1 and call.types else arrays

    def signature(self) -> Signature:
        return Signature("mlflow_pyfunc")
