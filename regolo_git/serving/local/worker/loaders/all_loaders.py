"""Every format and its loader."""

from importlib import import_module
from typing import Final, Protocol, cast

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker_orders import WorkerSpec

LOADERS: Final = {
    "catboost": "regolo_git.serving.local.worker.loaders.catboost",
    "lightgbm": "regolo_git.serving.local.worker.loaders.lightgbm",
    "mlflow": "regolo_git.serving.local.worker.loaders.mlflow",
    "onnx": "regolo_git.serving.local.worker.loaders.onnx",
    "python": "regolo_git.serving.local.worker.loaders.python",
    "safetensors": "regolo_git.serving.local.worker.loaders.safetensors",
    "skops": "regolo_git.serving.local.worker.loaders.skops",
    "tflite": "regolo_git.serving.local.worker.loaders.tflite",
    "xgboost": "regolo_git.serving.local.worker.loaders.xgboost",
}


class Loader(Protocol):
    """A module of this package."""

    def load(self, spec: WorkerSpec) -> Predictor:
        """Loads a model.  Raises RegoloError, and the exceptions of the model's own code."""
        ...


def load_model(spec: WorkerSpec) -> Predictor:
    """Loads a model by its format.  Raises RegoloError, and the exceptions of the model's own code."""
    if spec.format not in LOADERS:
        raise InvalidInput(f"unknown format '{spec.format}'")
    return cast(Loader, import_module(LOADERS[spec.format])).load(spec)
