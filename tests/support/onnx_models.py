"""Small ONNX models, made here, one for each thing that a loader has to get right."""

from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

TYPES = {
    "FP16": onnx.TensorProto.FLOAT16,
    "BF16": onnx.TensorProto.BFLOAT16,
    "FP32": onnx.TensorProto.FLOAT,
    "FP64": onnx.TensorProto.DOUBLE,
    "BOOL": onnx.TensorProto.BOOL,
    "BYTES": onnx.TensorProto.STRING,
    **{
        f"{u.upper()}INT{bits}": getattr(onnx.TensorProto, f"{u.upper()}INT{bits}")
        for u in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}


def tensor(name: str, datatype: str, *sizes: int | str) -> Any:
    """An input or output."""
    return onnx.helper.make_tensor_value_info(name, TYPES[datatype], list(sizes))


def scores(name: str) -> Any:
    """The output of ZipMap."""
    of_float = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [])
    by_class = onnx.helper.make_map_type_proto(onnx.TensorProto.INT64, of_float)
    return onnx.helper.make_value_info(name, onnx.helper.make_sequence_type_proto(by_class))


def tensors(name: str, datatype: str) -> Any:
    """An output that is a sequence of tensors."""
    inner = onnx.helper.make_tensor_type_proto(TYPES[datatype], ["n"])
    return onnx.helper.make_value_info(name, onnx.helper.make_sequence_type_proto(inner))


def node(operation: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """One operation; names are separated by spaces."""
    return onnx.helper.make_node(operation, inputs.split(), outputs.split(), **attributes)


def write(
    path: Path,
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    values: list[Any] | None = None,
    *,
    opset: int = 17,
) -> Path:
    """A model of those parts; `values` are tensors in the file."""
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, values)
    domains = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid("ai.onnx.ml", 2)]
    model = onnx.helper.make_model(graph, opset_imports=domains, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def identity(path: Path, datatype: str, *sizes: int | str) -> Path:
    """A model that returns `x` as `y`."""
    return write(
        path, [node("Identity", "x", "y")], [tensor("x", datatype, *sizes)], [tensor("y", datatype, *sizes)]
    )
