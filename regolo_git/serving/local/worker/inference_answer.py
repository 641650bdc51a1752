"""Answers of the Open Inference Protocol, version 2: a model's values as named tensors, and its metadata."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.worker.call import Signature, TensorType
from regolo_git.serving.local.worker.inference_v2 import InferenceRequest
from regolo_git.serving.local.worker.json_body import first_repeated
from regolo_git.serving.local.worker.plain_answer import dump_answer, key_text
from regolo_git.serving.local.worker.plain_value import plain_value
from regolo_git.serving.local.worker.tensor_data import BYTES, FLOATS, encode

DATATYPES = {
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
    "bfloat16": "BF16",
    "bool": "BOOL",
}
OUTPUT = "output-0"
PLAIN = frozenset({str, bytes, bool, int, float, type(None), list, tuple, dict})
BINARY_TYPE = b"application/octet-stream"


def output_names(signature: Signature) -> tuple[str, ...]:
    """The names of a model's outputs, if its format says them."""
    return tuple(output.name for output in signature.outputs)


def write_inference(
    model: str, version: str | None, request: InferenceRequest, outputs: object, signature: Signature
) -> HttpAnswer:
    """Encodes the answer with the outputs that the caller asks for.

    Raises InvalidInput for an output that there is not, or not in the form asked for, and TypeError for
    values that are not tensors.
    """
    named = _named(outputs, signature)
    wanted = request.wanted
    wanted.check(tuple(named))
    answer: dict[str, object] = {"model_name": model}
    if version is not None:
        answer["model_version"] = version
    if request.identity is not None:
        answer["id"] = request.identity
    declared = {output.name: output.datatype for output in signature.outputs}
    tensors, parts = [], []
    for name in wanted.named or named:
        tensor = _Tensor.of(name, named[name], declared.get(name, "FP64"))
        data = tensor.to_bytes() if wanted.is_binary(name) else None
        tensors.append(tensor.to_json() if data is None else tensor.head(len(data)))
        parts += [data] if data is not None else []
    body = dump_answer(answer | {"outputs": tensors})
    if not parts:
        return HttpAnswer(200, body)
    headers = ((b"inference-header-content-length", b"%d" % len(body)),)
    return HttpAnswer(200, b"".join((body, *parts)), headers, BINARY_TYPE)


def _named(outputs: object, signature: Signature) -> dict[str, object]:
    """The outputs by name: a mapping's keys, a table's columns, or the name of the only output.

    Arrays of different shapes form no tensor, as the probabilities of several targets: each is an output.
    """
    if isinstance(outputs, Mapping):
        return _by_text(list(outputs), list(outputs.values()))
    columns, column = getattr(outputs, "columns", None), getattr(outputs, "__getitem__", None)
    if columns is not None and callable(column):
        return _by_text(list(columns), [column(name) for name in columns])
    names = output_names(signature)
    if (
        isinstance(outputs, list | tuple)
        and len({getattr(array, "shape", None) for array in outputs} - {None}) > 1
    ):
        return {f"output-{number}": array for number, array in enumerate(outputs)}
    return {names[0] if len(names) == 1 else OUTPUT: outputs}


def _by_text(keys: list[object], values: list[object]) -> dict[str, object]:
    """Outputs by their names as text.  Raises TypeError for two that are the same."""
    names = [_name(key) for key in keys]
    twice = first_repeated(names)
    if twice is not None:
        raise TypeError(f"the model returned two outputs '{twice}'")
    return dict(zip(names, values, strict=True))


def _name(key: object) -> str:
    try:
        return key_text(key)
    except TypeError:
        return str(key)  # of columns that have a name for each of several levels


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One output: its type, and its values in row-major order, as JSON and, if it has them, as bytes."""

    kind: TensorType
    flat: Callable[[], list[object]]
    raw: Callable[[], bytes] | None

    @classmethod
    def of(cls, name: str, value: Any, declared: str) -> "_Tensor":
        """Reads nested lists, and arrays of numerical libraries without importing them.

        No values at all have the `declared` datatype.  Raises TypeError.
        """
        value = _plain_array(value)
        dtype = _declared(getattr(value, "dtype", ""))
        shape, reshape = getattr(value, "shape", None), getattr(value, "reshape", None)
        if dtype is not None and shape is not None and callable(reshape):
            is_little = getattr(value.dtype, "byteorder", ">") in "=|<" and sys.byteorder == "little"
            raw = getattr(value, "tobytes", None) if is_little else None
            return cls(TensorType(name, dtype, tuple(shape)), lambda: reshape(-1).tolist(), raw)
        sizes, flat = _flatten(name, value)
        if shape == () or (shape is not None and not flat):
            sizes = list(shape)
        datatype = dtype or (_datatype(name, flat) if flat else _of_none(value, declared))
        if datatype == "INT64":
            flat = [int(held) if held is True or held is False else held for held in flat]
        return cls(TensorType(name, datatype, tuple(sizes)), lambda: flat, None)

    def to_json(self) -> dict[str, object]:
        """The tensor with its values."""
        return {**self._type(), "data": self.flat()}

    def head(self, size: int) -> dict[str, object]:
        """The tensor without its values, which are `size` bytes."""
        return {**self._type(), "parameters": {"binary_data_size": size}}

    def _type(self) -> dict[str, object]:
        return {"name": self.kind.name, "shape": list(self.kind.shape), "datatype": self.kind.datatype}

    def to_bytes(self) -> bytes:
        """The values as bytes.  Raises InvalidInput for null among strings, for which bytes have no form."""
        if self.raw is not None:
            return self.raw()
        flat = self.flat()
        if self.kind.datatype == BYTES and None in flat:
            raise InvalidInput(
                f"output '{self.kind.name}' has null among its strings, which binary data cannot hold: "
                "ask for it as JSON, with the parameter 'binary_data' false"
            )
        if self.kind.datatype in FLOATS:
            flat = [nan if value is None else value for value in flat]
        return encode(self.kind.datatype, flat)


def _plain_array(value: Any) -> Any:
    """A sparse matrix, or an array of one of numpy's own subclasses, as an array.

    Of a masked array, the bytes have numbers where values are missing, so it becomes lists.
    """
    if hasattr(value, "toarray"):
        value = value.toarray()
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray) or type(value) is numpy.ndarray:
        return value
    return value.tolist() if numpy.ma.is_masked(value) else numpy.asarray(value)


def _of_none(value: object, declared: str) -> str:
    """The datatype of an array without values: that of numpy's text, or the one that the model declares."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return BYTES if kind in ("U", "S") else declared


def _declared(dtype: object) -> str | None:
    """The datatype of an array's dtype, whatever its byte order; None if it has none."""
    return DATATYPES.get(getattr(dtype, "name", str(dtype)).removeprefix("torch."))


def _flatten(name: str, value: object) -> tuple[list[int], list[object]]:
    """The shape and row-major values of nested lists and arrays.  Raises TypeError for others."""
    value = _listed(value)
    if not isinstance(value, list | tuple):
        return [1], [value]
    shape, flat = [len(value)], [_listed(element) for element in value]
    while flat and any(isinstance(element, list | tuple) for element in flat):
        sizes = {len(element) if isinstance(element, list | tuple) else -1 for element in flat}
        if len(sizes) != 1:
            raise TypeError(f"output '{name}' has lists of different lengths, which do not form a tensor")
        shape.append(sizes.pop())
        flat = [_listed(held) for element in flat if isinstance(element, list | tuple) for held in element]
    return shape, flat


def _listed(value: object) -> object:
    """Arrays and scalars of libraries as lists and plain values, as in JSON.  Raises TypeError."""
    if type(value) in PLAIN:
        return value
    return str(value) if isinstance(value, str) else plain_value(value)


def _datatype(name: str, flat: list[object]) -> str:
    """The datatype of plain values.  Raises TypeError if there is none for all of them."""
    kinds = set(map(type, flat))
    if kinds and kinds <= {str, bytes, type(None)} and kinds != {type(None)}:
        return BYTES
    if kinds == {bool}:
        return "BOOL"
    if kinds and kinds <= {int, bool}:
        return _integer(name, flat)
    if kinds <= {float, int, bool, type(None)}:
        return "FP64"
    words = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise TypeError(f"output '{name}' has values that do not form a tensor: {words}")


def _integer(name: str, flat: list[Any]) -> str:
    least, most = min(flat), max(flat)
    if least >= -(1 << 63) and most < 1 << 63:
        return "INT64"
    if least >= 0 and most < 1 << 64:
        return "UINT64"
    raise TypeError(f"output '{name}' has integers of more than 64 bits")


# -- metadata ---------------------------------------------------------------------------------------------


def model_metadata(model: str, version: str | None, signature: Signature) -> bytes:
    """The answer to `GET /v2/models/{model}`."""
    return dump_answer(
        {
            "name": model,
            "versions": [version] if version is not None else [],
            "platform": signature.platform,
            "inputs": [kind.to_json() for kind in signature.inputs],
            "outputs": [kind.to_json() for kind in signature.outputs],
        }
    )


def model_config(model: str, signature: Signature) -> bytes:
    """The answer to `GET /v2/models/{model}/config`, of Triton's model configuration extension."""
    return dump_answer(
        {
            "name": model,
            "platform": signature.platform,
            "backend": signature.platform.partition("_")[0],
            "max_batch_size": 0,
            "input": [_config_entry(kind) for kind in signature.inputs],
            "output": [_config_entry(kind) for kind in signature.outputs],
        }
    )


def _config_entry(kind: TensorType) -> dict[str, object]:
    datatype = "STRING" if kind.datatype == BYTES else kind.datatype
    return {"name": kind.name, "data_type": f"TYPE_{datatype}", "dims": list(kind.shape)}
