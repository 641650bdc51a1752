"""Small TensorFlow Lite models, written by LiteRT's own schema: `y = x + x`, with or without a signature."""

from pathlib import Path
from typing import Any


def doubling(path: Path, shape: list[int], *, signature: bool = False, kind: str = "FLOAT32") -> Path:
    """A model of one operation; -1 is a size that a request chooses."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(name: str) -> Any:
        held = schema.TensorT()
        held.name, held.type = name.encode(), getattr(schema.TensorType, kind)
        held.shape = [max(size, 1) for size in shape]
        held.shapeSignature = shape
        held.buffer = 0
        return held

    operation = schema.OperatorT()
    operation.opcodeIndex, operation.inputs, operation.outputs = 0, [0, 0], [1]
    operation.builtinOptionsType = schema.BuiltinOptions.AddOptions
    operation.builtinOptions = schema.AddOptionsT()
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs = [tensor("in:0"), tensor("out:0")], [0], [1]
    graph.operators = [operation]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
    code.version = 1
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [schema.BufferT()]
    if signature:
        model.signatureDefs = [_signature(schema)]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _signature(schema: Any) -> Any:
    def named(name: str, index: int) -> Any:
        held = schema.TensorMapT()
        held.name, held.tensorIndex = name.encode(), index
        return held

    found = schema.SignatureDefT()
    found.signatureKey, found.subgraphIndex = b"serving_default", 0
    found.inputs, found.outputs = [named("x", 0)], [named("y", 1)]
    return found
