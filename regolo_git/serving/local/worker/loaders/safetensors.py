"""Format `safetensors`: the user's `module:callable` gets the tensors by name and the config."""

from regolo_git.errors import IntegrityError
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker.loaders.entry_point import PlainPredictor, find_entry_point
from regolo_git.serving.local.worker.loaders.one_file import files_with_suffix
from regolo_git.serving.local.worker_orders import WorkerSpec


def load(spec: WorkerSpec) -> Predictor:
    """Reads the tensors of every safetensors file and calls the entry point with them."""
    try:
        from safetensors import SafetensorError  # noqa: PLC0415 - an optional library, only in this worker
        from safetensors.numpy import load_file  # noqa: PLC0415
    except ImportError as error:
        raise missing_library("safetensors", "format 'safetensors'") from error
    tensors: dict[str, object] = {}
    for path in files_with_suffix(spec.path, ".safetensors"):
        try:
            found = load_file(path)
        except SafetensorError as error:
            raise IntegrityError(f"'{path.name}' is not a safetensors file") from error
        if tensors.keys() & found.keys():
            raise IntegrityError(f"'{path.name}' repeats a tensor of another file")
        tensors |= found
    return PlainPredictor(find_entry_point(spec)(tensors, spec.config), "safetensors")
