"""Format `python`: `module:callable` gets the artifact's path and the config, and returns a predictor."""

from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker.loaders.entry_point import PlainPredictor, find_entry_point
from regolo_git.serving.local.worker_orders import WorkerSpec


def load(spec: WorkerSpec) -> Predictor:
    """Calls the entry point.  Raises NotFound, and the entry point's own exceptions."""
    return PlainPredictor(find_entry_point(spec)(spec.path, spec.config), "python")
