"""Format `tflite`: a TensorFlow Lite model, run by LiteRT with the operations that it has built in.

No delegates and no operations of others are loaded, so there is no code but LiteRT's.
"""

from collections.abc import Mapping
from typing import Any, Final

from regolo_git.errors import IntegrityError, InvalidInput, ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_extra
from regolo_git.serving.local.worker.call import Call, Predictor, Signature, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.loaders.libraries import with_numpy
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker.loaders.options import threads_of
from regolo_git.serving.local.worker.loaders.tensor_inputs import TensorInputs, check_rows
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec

# Where the kind of the file is, and which it must be.
MARK: Final = (4, b"TFL3")
LONGEST_REASON = 500


def load(spec: WorkerSpec) -> Predictor:
    """Loads the model.

    Raises IntegrityError if LiteRT cannot load it, ServingError for an input that no request can have.
    """
    library, numpy = with_numpy("ai_edge_litert.interpreter", missing_extra("ai-edge-litert", "tflite"))
    path = one_file(spec.path, ".tflite")
    start, mark = MARK
    with path.open("rb") as file:
        if file.read(start + len(mark))[start:] != mark:
            raise IntegrityError(f"'{path.name}' is not a TensorFlow Lite model")
    threads = threads_of(spec)
    try:
        interpreter = library.Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        raise IntegrityError(f"'{path.name}' is not a model that LiteRT can load: {reason}") from error
    model = _Interpreter(interpreter, numpy)
    if spec.batch is not None:
        check_rows(model.signature())
    return model


class _Interpreter(RowModel):
    """Inputs and outputs have the names of the model's only signature, else those of its tensors."""

    def __init__(self, interpreter: Any, numpy: Any) -> None:
        self._interpreter = interpreter
        signatures = interpreter.get_signature_list()
        self._runner = interpreter.get_signature_runner() if len(signatures) == 1 else None
        self._entries = _by_name(self._runner or interpreter, "input")
        self._results = _by_name(self._runner or interpreter, "output")
        self._inputs = {name: _input(name, entry) for name, entry in self._entries.items()}
        self._feeds = TensorInputs(numpy, self._inputs, self._inputs)

    def prepare(self, call: Call) -> object:
        feeds = self._feeds.make(call)
        for name, array in feeds.items():
            wanted = self._inputs[name].shape
            if len(array.shape) != len(wanted) or any(
                size not in (-1, given) for size, given in zip(wanted, array.shape, strict=True)
            ):
                shape = list(array.shape)
                raise InvalidInput(
                    f"input '{name}' takes the shape {list(wanted)}, and the request has {shape}"
                )
            if array.size == 0:
                raise InvalidInput(f"input '{name}' has no values")
        return feeds

    def run(self, argument: Any, _: Mapping[str, Json]) -> object:
        try:
            return self._invoke(argument)
        except (RuntimeError, ValueError) as error:
            raise ServingError(" ".join(str(error).split())[:LONGEST_REASON]) from error

    def _invoke(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        if self._runner is not None:
            found: dict[str, Any] = self._runner(**feeds)
            return found
        for name, array in feeds.items():
            self._interpreter.resize_tensor_input(self._entries[name]["index"], array.shape)
        self._interpreter.allocate_tensors()
        for name, array in feeds.items():
            self._interpreter.set_tensor(self._entries[name]["index"], array)
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(entry["index"]) for name, entry in self._results.items()}

    def present(self, outputs: Any, _: Call) -> object:
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def signature(self) -> Signature:
        outputs = (TensorType(name, _datatype(e), _shape(e)) for name, e in self._results.items())
        return Signature("tflite", tuple(self._inputs.values()), tuple(outputs))


def _by_name(described: Any, what: str) -> dict[str, Any]:
    """Details by name.  Raises ServingError for two that are the same."""
    details = getattr(described, f"get_{what}_details")()
    if isinstance(details, dict):
        return details
    named = {entry["name"]: entry for entry in details}
    if len(named) < len(details):
        raise ServingError(f"the model has two {what}s of the same name, and no signature that names them")
    return named


def _input(name: str, entry: Any) -> TensorType:
    datatype = _datatype(entry)
    if datatype == "BYTES":
        raise ServingError(
            f"input '{name}' has the type {entry['dtype'].__name__}, which no request can hold"
        )
    return TensorType(name, datatype, _shape(entry))


def _datatype(entry: Any) -> str:
    return DATATYPES.get(entry["dtype"].__name__.rstrip("_"), "BYTES")


def _shape(entry: Any) -> tuple[int, ...]:
    return tuple(map(int, entry["shape_signature"]))
