"""What an ONNX model takes and answers: its inputs and outputs by name, type and shape, from its protobuf.

Weights are skipped by their length.  What is read is bounded, and a file of another format is Malformed.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from regolo_git.layouts.interface import VALUES_LIMIT, FileInterface
from regolo_git.layouts.items import Cut, Malformed
from regolo_git.layouts.onnx import LENGTH, START, VARINT, skip_scalar, varint

FIELDS_LIMIT = 1 << 18
VALUE_LIMIT = 1 << 16  # bytes of one input or output
NAMED_SINCE = 4  # the version of the format since which weights are not inputs as well
GRAPH, VERSION = 7, 1
INITIALIZER, INPUT, OUTPUT = 5, 11, 12
TENSOR_NAME = 8
TYPES: Mapping[int, str] = {
    1: "FLOAT", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", 6: "INT32", 7: "INT64", 8: "STRING",
    9: "BOOL", 10: "FLOAT16", 11: "DOUBLE", 12: "UINT32", 13: "UINT64", 14: "COMPLEX64", 15: "COMPLEX128",
    16: "BFLOAT16", 17: "FLOAT8E4M3FN", 18: "FLOAT8E4M3FNUZ", 19: "FLOAT8E5M2", 20: "FLOAT8E5M2FNUZ",
    21: "UINT4", 22: "INT4", 23: "FLOAT4E2M1",
}  # fmt: skip
KINDS: Mapping[int, str] = {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}


def onnx_interface(file: BinaryIO, size: int) -> FileInterface:
    """The interface of a model.  Raises Malformed, and Cut for a file that ends too early."""
    file.seek(0)
    if file.read(1) != START:
        raise Malformed
    found = _Found()
    for number, value in _fields(file, 0, size, found):
        if number == VERSION and isinstance(value, int):
            found.version = value
        elif number == GRAPH and isinstance(value, _Span):
            _graph(file, value, found)
    if not found.values[OUTPUT]:
        raise Malformed
    inputs = found.values[INPUT]
    if found.version < NAMED_SINCE:
        inputs = {name: kind for name, kind in inputs.items() if name not in found.weights}
    return FileInterface(inputs, found.values[OUTPUT])


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    length: int


class _Found:
    def __init__(self) -> None:
        self.values: dict[int, dict[str, str]] = {INPUT: {}, OUTPUT: {}}
        self.weights: set[str] = set()
        self.version = 0
        self.fields = FIELDS_LIMIT


def _graph(file: BinaryIO, graph: _Span, found: _Found) -> None:
    for number, value in _fields(file, graph.start, graph.start + graph.length, found):
        if not isinstance(value, _Span):
            continue
        if number in (INPUT, OUTPUT):
            if value.length > VALUE_LIMIT or len(found.values[number]) >= VALUES_LIMIT:
                raise Malformed
            file.seek(value.start)
            name, kind = _value(file.read(value.length), found)
            found.values[number][name] = kind
        elif number == INITIALIZER and found.version < NAMED_SINCE:
            found.weights.add(_name_of_tensor(file, value, found))


def _name_of_tensor(file: BinaryIO, tensor: _Span, found: _Found) -> str:
    for number, value in _fields(file, tensor.start, tensor.start + tensor.length, found):
        if number == TENSOR_NAME and isinstance(value, _Span) and value.length <= VALUE_LIMIT:
            file.seek(value.start)
            return file.read(value.length).decode("utf-8", "replace")
    return ""


def _value(content: bytes, found: _Found) -> tuple[str, str]:
    name, kind = "", "unknown"
    for number, held in _inner(content, found):
        if number == 1 and isinstance(held, bytes):
            name = held.decode("utf-8", "replace")
        elif number == 2 and isinstance(held, bytes):
            kind = _type(held, found)
    return name, kind


def _type(content: bytes, found: _Found) -> str:
    for number, held in _inner(content, found):
        if number == 1 and isinstance(held, bytes):
            return _tensor_type(held, found)
        if number in KINDS:
            return KINDS[number]
    return "unknown"


def _tensor_type(content: bytes, found: _Found) -> str:
    kind, shape = "unknown", None
    for number, held in _inner(content, found):
        if number == 1 and isinstance(held, int):
            kind = TYPES.get(held, f"type {held}")
        elif number == 2 and isinstance(held, bytes):
            shape = [_dimension(size, found) for _, size in _inner(held, found) if isinstance(size, bytes)]
    return kind if shape is None else f"{kind} [{', '.join(shape)}]"


def _dimension(content: bytes, found: _Found) -> str:
    for number, held in _inner(content, found):
        if number == 1 and isinstance(held, int):
            return str(held)
        if number == 2 and isinstance(held, bytes):
            return held.decode("utf-8", "replace")
    return "?"


def _inner(content: bytes, found: _Found) -> Iterator[tuple[int, "int | bytes"]]:
    for number, value in _fields(io.BytesIO(content), 0, len(content), found):
        if isinstance(value, _Span):
            yield number, content[value.start : value.start + value.length]
        else:
            yield number, value


def _fields(file: BinaryIO, at: int, end: int, found: _Found) -> Iterator[tuple[int, "int | _Span"]]:
    """The fields of a message, each with its value if that is a number, else where it is."""
    file.seek(at)
    while at < end:
        found.fields -= 1
        if found.fields < 0:
            raise Malformed
        key, at = varint(file, at)
        if key & 7 == VARINT:
            value, at = varint(file, at)
            yield key >> 3, value
        elif key & 7 == LENGTH:
            length, at = varint(file, at)
            if at + length > end:
                raise Cut(at + length)
            yield key >> 3, _Span(at, length)
            at += length
        else:
            at = skip_scalar(file, at, key & 7)
        file.seek(at)
