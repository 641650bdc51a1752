"""Format `safetensors`: the user's `module:callable` gets the tensors by name and the config."""

import json
from pathlib import Path
from typing import Any, Final

from regolo_git.errors import IntegrityError, ServingError
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker.loaders.bfloat16 import from_bits
from regolo_git.serving.local.worker.loaders.entry_point import PlainPredictor, find_entry_point
from regolo_git.serving.local.worker.loaders.libraries import with_numpy
from regolo_git.serving.local.worker.loaders.one_file import files_with_suffix
from regolo_git.serving.local.worker_orders import WorkerSpec

BF16: Final = "BF16"
# What numpy has a type for.
HELD: Final = frozenset(
    {"BOOL", "U8", "I8", "U16", "I16", "F16", "U32", "I32", "F32", "U64", "I64", "F64", "C64"}
)


def load(spec: WorkerSpec) -> Predictor:
    """Reads the tensors of every safetensors file and calls the entry point with them.

    Tensors of bfloat16 are float32, which holds each of their values.  Raises ServingError for smaller types.
    """
    library, numpy = with_numpy("safetensors", missing_library("safetensors", "format 'safetensors'"))
    tensors: dict[str, object] = {}
    for path in files_with_suffix(spec.path, ".safetensors"):
        try:
            found = _read(path, library, numpy)
        except library.SafetensorError as error:
            raise IntegrityError(f"'{path.name}' is not a safetensors file") from error
        if tensors.keys() & found.keys():
            raise IntegrityError(f"'{path.name}' repeats a tensor of another file")
        tensors |= found
    return PlainPredictor(find_entry_point(spec)(tensors, spec.config), "safetensors")


def _read(path: Path, library: Any, numpy: Any) -> dict[str, object]:
    with library.safe_open(path, framework="numpy") as file:
        kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 - not a mapping
        lacking = [name for name, kind in kinds.items() if kind != BF16 and kind not in HELD]
        if lacking:
            name = lacking[0]
            raise ServingError(f"tensor '{name}' has the type {kinds[name]}, which numpy does not have")
        tensors = {name: file.get_tensor(name) for name, kind in kinds.items() if kind != BF16}
    return tensors | _read_bfloat16(path, [name for name, kind in kinds.items() if kind == BF16], numpy)


def _read_bfloat16(path: Path, names: list[str], numpy: Any) -> dict[str, object]:
    """Tensors by their places in the file, whose header the library has checked."""
    tensors: dict[str, object] = {}
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length)) if names else {}
        for name in names:
            begin, end = header[name]["data_offsets"]
            file.seek(8 + length + begin)
            tensors[name] = from_bits(numpy, file.read(end - begin)).reshape(header[name]["shape"])
    return tensors
