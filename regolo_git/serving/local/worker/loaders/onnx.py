"""Format `onnx`, run by onnxruntime."""

from importlib import import_module
from typing import Any

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, Predictor, Signature, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker_orders import WorkerSpec

DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
    **{f"tensor({u}int{bits})": f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)},
}


def load(spec: WorkerSpec) -> Predictor:
    """Opens a session.  One thread, unless `config` has `threads`: replicas are how a version scales."""
    try:
        # Optional and slow to import; only in this worker.
        runtime = import_module("onnxruntime")
        numpy = import_module("numpy")
    except ImportError as error:
        raise missing_library("onnxruntime", "format 'onnx'") from error
    path = one_file(spec.path, ".onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = spec.options.get_optional("threads", int) or 1
    options.inter_op_num_threads = 1
    errors = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    try:
        session = runtime.InferenceSession(path, options, providers=runtime.get_available_providers())
    except (errors.Fail, errors.InvalidProtobuf, errors.InvalidGraph, errors.InvalidArgument) as error:
        raise IntegrityError(f"'{path.name}' is not a model that onnxruntime can load: {error}") from error
    return _Session(session, numpy, (errors.InvalidArgument,))


class _Session:
    def __init__(self, session: Any, numpy: Any, refusals: tuple[type[Exception], ...]) -> None:
        self._session = session
        self._numpy = numpy
        self._refusals = refusals
        self._inputs = {entry.name: DTYPES.get(entry.type, "float32") for entry in session.get_inputs()}
        self._outputs = [entry.name for entry in session.get_outputs()]

    def predict(self, call: Call) -> object:
        try:
            arrays = self._session.run(None, self._feeds(call))
        except self._refusals as error:
            raise InvalidInput(f"the inputs do not fit the model: {error}") from error
        return arrays[0] if len(arrays) == 1 else dict(zip(self._outputs, arrays, strict=True))

    def _feeds(self, call: Call) -> dict[str, object]:
        named = dict(call.named) if call.named is not None else self._named(call)
        if set(named) != set(self._inputs):
            raise InvalidInput(f"the model expects the inputs {', '.join(self._inputs)}")
        try:
            return {name: self._numpy.asarray(named[name], dtype=self._inputs[name]) for name in named}
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidInput(f"the inputs are not arrays of the model's types: {error}") from error

    def _named(self, call: Call) -> dict[str, Json]:
        """Rows for a model of one input; named columns, each an input, for a model of several."""
        if len(self._inputs) == 1:
            return {next(iter(self._inputs)): call.rows}
        rows = [row for row in call.rows or [] if isinstance(row, list)]
        return {name: [[row[i]] for row in rows] for i, name in enumerate(call.columns or ())}

    def signature(self) -> Signature:
        return Signature(
            "onnx_onnxv1",
            tuple(_tensor_type(entry) for entry in self._session.get_inputs()),
            tuple(_tensor_type(entry) for entry in self._session.get_outputs()),
        )


def _tensor_type(entry: Any) -> TensorType:
    datatype = DATATYPES.get(DTYPES.get(entry.type, "object"), "BYTES")
    sizes = tuple(size if isinstance(size, int) else -1 for size in entry.shape or ())
    return TensorType(entry.name, datatype, sizes)
