"""Format `onnx`, run by onnxruntime."""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from regolo_git.errors import IntegrityError, InvalidInput, ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.loaders.bfloat16 import from_value, to_value
from regolo_git.serving.local.worker.loaders.libraries import with_numpy
from regolo_git.serving.local.worker.loaders.one_file import one_file
from regolo_git.serving.local.worker.loaders.onnx_types import input_type, is_bfloat16, output_type
from regolo_git.serving.local.worker.loaders.options import threads_of
from regolo_git.serving.local.worker.loaders.tensor_inputs import TensorInputs, check_rows
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker_orders import WorkerSpec

# What onnxruntime puts around a reason: a code, its own source file and line, and the function.
NOISE = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : |\S*/\S+\.(?:cc|h|cpp):\d+ |\bonnxruntime::[^\s(]+\([^)]*\)\s*"
)


def load(spec: WorkerSpec) -> Predictor:
    """Opens a session, with the worker's share of the cores as threads unless `config` has `threads`.

    Raises IntegrityError if onnxruntime cannot load it, ServingError for an input that no request can have.
    """
    runtime, numpy = with_numpy("onnxruntime", missing_library("onnxruntime", "format 'onnx'"))
    path = one_file(spec.path, ".onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads_of(spec)
    options.inter_op_num_threads = 1
    errors = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    try:
        session = runtime.InferenceSession(path, options, providers=runtime.get_available_providers())
    except (errors.Fail, errors.InvalidProtobuf, errors.InvalidGraph, errors.InvalidArgument) as error:
        reason = _reason(error).replace(str(path), f"'{path.name}'")
        raise IntegrityError(f"'{path.name}' is not a model that onnxruntime can load: {reason}") from error
    model = _Session(session, runtime, numpy, errors)
    if spec.batch is not None:
        check_rows(model.signature())
    return model


def _reason(error: Exception) -> str:
    return " ".join(NOISE.sub("", str(error)).split())


class _Session(RowModel):
    def __init__(self, session: Any, runtime: Any, numpy: Any, errors: Any) -> None:
        self._session = session
        self._runtime = runtime
        self._numpy = numpy
        self._errors = errors
        inputs, outputs = session.get_inputs(), session.get_outputs()
        self._inputs = {entry.name: input_type(entry) for entry in inputs}
        # Inputs that a request may leave out: those with a value in the file, and optional ones.
        defaults = {entry.name: input_type(entry) for entry in session.get_overridable_initializers()}
        self._known = self._inputs | defaults
        optional = {entry.name for entry in inputs if entry.type.startswith("optional(")}
        self._feeds = TensorInputs(numpy, self._inputs, self._known, optional)
        self._outputs = {entry.name: output_type(entry) for entry in outputs}
        self._needs_values = any(map(is_bfloat16, (*inputs, *outputs)))

    def run(self, argument: Any, _: Mapping[str, Json]) -> dict[str, Any]:
        try:
            results = self._run_values(argument) if self._needs_values else self._session.run(None, argument)
        except self._errors.InvalidArgument as error:
            raise InvalidInput(f"the inputs do not fit the model: {_reason(error)}") from error
        except (self._errors.Fail, self._errors.RuntimeException) as error:
            self._check_sizes(argument)
            raise ServingError(_reason(error)) from error
        return dict(zip(self._outputs, results, strict=True))

    def present(self, outputs: Any, call: Call) -> object:
        named: dict[str, Any] = outputs
        if call.types:
            # The protocol that declares types takes nothing but tensors.
            named = {name: self._tensor(name, value) for name, value in named.items()}
        return next(iter(named.values())) if len(named) == 1 else named

    def prepare(self, call: Call) -> dict[str, Any]:
        return self._feeds.make(call)

    def _run_values(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Runs a model with a type that numpy lacks."""
        values = {
            name: to_value(self._numpy, self._runtime, array)
            if self._known[name].datatype == "BF16"
            else self._runtime.OrtValue.ortvalue_from_numpy(array)
            for name, array in feeds.items()
            if array is not None
        }
        results = self._session.run_with_ort_values(None, values)
        kinds = [kind.datatype for kind in self._outputs.values()]
        return [
            from_value(self._numpy, value) if kind == "BF16" else value.numpy()
            for kind, value in zip(kinds, results, strict=True)
        ]

    def _check_sizes(self, feeds: Mapping[str, Any]) -> None:
        """Raises InvalidInput if sizes differ that have the same name; a model may do without that."""
        found: dict[str, tuple[str, int]] = {}
        for entry in self._session.get_inputs():
            if feeds[entry.name] is None:
                continue
            for size, given in zip(entry.shape, feeds[entry.name].shape, strict=False):
                other, expected = found.setdefault(str(size), (entry.name, given))
                if expected != given:
                    sizes = f"'{size}' is {expected} in '{other}' and {given} in '{entry.name}'"
                    raise InvalidInput(f"the inputs do not fit the model: {sizes}")

    def _tensor(self, name: str, value: Any) -> Any:
        """Scores by class, and lists of tensors, as one array if they form one."""
        if isinstance(value, Mapping):
            return self._scores([value])[0]
        if not isinstance(value, list):
            return value
        if not value:
            return self._numpy.empty((0,) * len(self._outputs[name].shape), dtype="float32")
        if all(isinstance(row, Mapping) and row.keys() == value[0].keys() for row in value):
            return self._scores(value)
        try:
            return self._numpy.stack(value)
        except (TypeError, ValueError):
            return value  # an error only for a caller who wants this output

    def _scores(self, rows: Sequence[Mapping[Any, Any]]) -> Any:
        """A column for each class, sorted as onnxruntime does it; ZipMap has FP32 only."""
        return self._numpy.array([list(row.values()) for row in rows], dtype="float32")

    def signature(self) -> Signature:
        return Signature("onnx_onnxv1", tuple(self._inputs.values()), tuple(self._outputs.values()))
