"""Requests of the Open Inference Protocol, version 2: typed, named arrays, as JSON or as binary tensors.

A request with binary tensors is a JSON object followed by the bytes of its inputs, in their order; a header
has the length of the object.  The answer is in `inference_answer.py`.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.json_body import read_body
from regolo_git.serving.local.worker.tensor_data import DATATYPES, count_of, decode, nest, shaped

MOST_DIMENSIONS = 64  # as numpy has it
LARGEST_SIZE = (1 << 63) - 1
BINARY_OUTPUT = "binary_data_output"
# Parameters of a request that the protocol's extensions reserve.  A server may do without the first.
SCHEDULING = ("priority", "timeout")
SEQUENCE = ("sequence_id", "sequence_start", "sequence_end")
# Parameters of inputs and outputs that ask for what we do not do; ignoring them would give another answer.
UNSUPPORTED = ("classification", "shared_memory_region")


@dataclass(frozen=True, slots=True)
class WantedOutputs:
    """The outputs that a caller asks for, and whether each is sent as bytes; all of them if it names none."""

    named: Mapping[str, bool]
    binary: bool = False

    def check(self, outputs: tuple[str, ...]) -> None:
        """Raises InvalidInput for an output that the model does not have."""
        for name in self.named:
            if name not in outputs:
                raise InvalidInput(f"the model has no output '{name}'; it has {', '.join(outputs)}")

    def is_binary(self, name: str) -> bool:
        """Whether an output is sent as bytes."""
        return self.named.get(name, self.binary)


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """A decoded request: what the model is called with, the caller's id, and what it wants to have back."""

    call: Call
    identity: str | None
    wanted: WantedOutputs


def read_inference(body: bytes, head_length: int | None = None) -> InferenceRequest:
    """Decodes a request; `head_length` is the length of its JSON if bytes follow.  Raises InvalidInput."""
    if head_length is not None and not 0 < head_length <= len(body):
        raise InvalidInput(f"the body has {len(body)} bytes, and its header says {head_length} of JSON")
    request = read_body(body if head_length is None else body[:head_length])
    tail = _Tail(memoryview(body)[head_length:]) if head_length is not None else None
    named = _Named()
    types: dict[str, TensorType] = {}
    for entry in request.objects("inputs"):
        kind = _read_type(entry)
        if kind.name in types:
            raise InvalidInput(f"the body has more than one input '{kind.name}'")
        types[kind.name] = kind
        _read_data(entry, kind, tail, named)
    if not types:
        raise InvalidInput("the body has no inputs")
    if tail is not None:
        tail.check_end()
    parameters = dict(request.get_optional("parameters", dict) or {})
    binary = parameters.pop(BINARY_OUTPUT, False)
    if not isinstance(binary, bool):
        raise InvalidInput(f"the parameter '{BINARY_OUTPUT}' is not true or false")
    _take_reserved(parameters)
    call = Call(named=named, types=types, parameters=parameters, binary=named.binary)
    return InferenceRequest(call, request.get_optional("id", str), _read_wanted(request, binary=binary))


def _take_reserved(parameters: dict[str, Json]) -> None:
    """Takes out the parameters that are for a server and not for the model."""
    for name in SEQUENCE:
        if parameters.pop(name, None):
            raise InvalidInput(f"'{name}' is not supported: a request does not belong to a sequence")
    for name in SCHEDULING:
        parameters.pop(name, None)


def _read_type(entry: JsonReader) -> TensorType:
    name, datatype = entry.get("name", str), entry.get("datatype", str)
    if datatype not in DATATYPES:
        raise InvalidInput(f"input '{name}' has the unknown datatype '{datatype}'")
    sizes = tuple(entry.list_of("shape", int))
    if len(sizes) > MOST_DIMENSIONS or not all(0 <= size <= LARGEST_SIZE for size in sizes):
        raise InvalidInput(f"input '{name}' has a shape that is not a list of sizes")
    return TensorType(name, datatype, sizes)


def _read_data(entry: JsonReader, kind: TensorType, tail: "_Tail | None", named: "_Named") -> None:
    size = _parameters(entry, f"input '{kind.name}'").get_optional("binary_data_size", int)
    if size is None:
        named.add(kind, shaped(kind.name, kind.datatype, kind.shape, entry.get("data", list)))
        return
    if "data" in entry:
        raise InvalidInput(f"input '{kind.name}' has both data and a binary_data_size")
    if tail is None:
        raise InvalidInput(
            f"input '{kind.name}' is binary, and the request has no header Inference-Header-Content-Length"
        )
    data, count = tail.take(kind.name, size), prod(kind.shape)
    if count and count_of(kind.datatype, size) == count:
        named.add_binary(kind, data)
    else:
        named.add(kind, nest(kind.name, kind.shape, _decoded(kind, data, count)))


def _decoded(kind: TensorType, data: memoryview, count: int) -> list[Json]:
    try:
        # Without this, a shape of a few bytes could ask for a format of any length.
        if count > len(data):
            raise struct.error("more values than bytes")
        return decode(kind.datatype, data, count)
    except struct.error as error:
        raise InvalidInput(
            f"the {len(data)} bytes of input '{kind.name}' are not {count} values of {kind.datatype}"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"input '{kind.name}' has a string that is not UTF-8") from error


def _read_wanted(request: JsonReader, *, binary: bool) -> WantedOutputs:
    named: dict[str, bool] = {}
    for entry in request.objects("outputs") if "outputs" in request else ():
        name = entry.get("name", str)
        if name in named:
            raise InvalidInput(f"the body asks for output '{name}' more than once")
        as_bytes = _parameters(entry, f"output '{name}'").get_optional("binary_data", bool)
        named[name] = binary if as_bytes is None else as_bytes
    return WantedOutputs(named, binary)


def _parameters(entry: JsonReader, what: str) -> JsonReader:
    given = JsonReader(entry.get_optional("parameters", dict) or {}, f"the parameters of {what}")
    for name in UNSUPPORTED:
        if name in given:
            raise InvalidInput(f"'{name}' of {what} is not supported")
    return given


class _Named(Mapping[str, Json]):
    """The inputs by name; those that were sent as bytes are decoded when they are asked for."""

    def __init__(self) -> None:
        self.binary: dict[str, memoryview] = {}
        self._kinds: dict[str, TensorType] = {}
        self._values: dict[str, Json] = {}

    def add(self, kind: TensorType, value: Json) -> None:
        self._kinds[kind.name] = kind
        self._values[kind.name] = value

    def add_binary(self, kind: TensorType, data: memoryview) -> None:
        self._kinds[kind.name] = kind
        self.binary[kind.name] = data

    def __getitem__(self, name: str) -> Json:
        if name not in self._values:
            kind = self._kinds[name]
            flat = decode(kind.datatype, self.binary[name], prod(kind.shape))
            self._values[name] = nest(name, kind.shape, flat)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


class _Tail:
    """The bytes after the JSON, taken by one input after another."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def take(self, name: str, size: int) -> memoryview:
        if not 0 <= size <= len(self._data):
            raise InvalidInput(
                f"input '{name}' needs {size} bytes, and {len(self._data)} are left in the body"
            )
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def check_end(self) -> None:
        if self._data:
            raise InvalidInput(f"{len(self._data)} bytes of the body belong to no input")
