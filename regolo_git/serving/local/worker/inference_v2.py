"""The Open Inference Protocol, version 2, over HTTP with JSON: typed, named arrays in and out.

The binary extension is not supported: a request that uses it is refused.
"""

from collections.abc import Mapping

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.worker.call import Call, Signature, TensorType, nest
from regolo_git.serving.local.worker.json_body import read_body
from regolo_git.serving.local.worker.plain_answer import dump_answer

DATATYPES = {
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
    "bool": "BOOL",
}
OUTPUT = "output-0"
MOST_DIMENSIONS = 64  # as numpy has it
LARGEST_SIZE = (1 << 63) - 1


def read_inference(body: bytes) -> tuple[Call, str | None]:
    """Decodes a request and its id.  Raises InvalidInput."""
    request = read_body(body)
    entries = list(request.objects("inputs"))
    if not entries:
        raise InvalidInput("the body has no inputs")
    types = [_read_type(entry) for entry in entries]
    named: dict[str, Json] = {
        kind.name: nest(entry.get("data", list), kind.shape, kind.name)
        for kind, entry in zip(types, entries, strict=True)
    }
    parameters = request.get_optional("parameters", dict) or {}
    call = Call(named=named, types={kind.name: kind for kind in types}, parameters=parameters)
    return call, request.get_optional("id", str)


def _read_type(entry: JsonReader) -> TensorType:
    name, datatype = entry.get("name", str), entry.get("datatype", str)
    if datatype not in (*DATATYPES.values(), "BYTES"):
        raise InvalidInput(f"input '{name}' has the unknown datatype '{datatype}'")
    sizes = tuple(entry.list_of("shape", int))
    if not 0 < len(sizes) <= MOST_DIMENSIONS or not all(0 <= size <= LARGEST_SIZE for size in sizes):
        raise InvalidInput(f"input '{name}' has a shape that is not a list of sizes")
    return TensorType(name, datatype, sizes)


def write_inference(model: str, version: str | None, identity: str | None, outputs: object) -> bytes:
    """Encodes the answer.  Raises TypeError for values that JSON cannot hold."""
    named = outputs if isinstance(outputs, Mapping) else {OUTPUT: outputs}
    answer: dict[str, object] = {"model_name": model}
    if version is not None:
        answer["model_version"] = version
    if identity is not None:
        answer["id"] = identity
    return dump_answer(answer | {"outputs": [_tensor(str(name), value) for name, value in named.items()]})


def _tensor(name: str, value: object) -> dict[str, object]:
    dtype, tolist = getattr(value, "dtype", None), getattr(value, "tolist", None)
    plain = tolist() if callable(tolist) else value
    shape, flat = _flatten(plain)
    datatype = DATATYPES.get(str(dtype)) or _datatype(flat)
    return {"name": name, "shape": shape, "datatype": datatype, "data": flat}


def _flatten(value: object) -> tuple[list[int], list[object]]:
    """The shape and row-major values of nested lists.  Raises TypeError for ragged ones."""
    if not isinstance(value, list | tuple):
        return [1], [value]
    shape, flat = [len(value)], list(value)
    while flat and any(isinstance(element, list | tuple) for element in flat):
        sizes = {len(element) if isinstance(element, list | tuple) else -1 for element in flat}
        if len(sizes) != 1:
            raise TypeError("the model returned lists of different lengths, which do not form a tensor")
        shape.append(sizes.pop())
        flat = [held for element in flat for held in element]
    return shape, flat


def _datatype(flat: list[object]) -> str:
    if any(isinstance(value, str | bytes) for value in flat):
        return "BYTES"
    if flat and all(isinstance(value, bool) for value in flat):
        return "BOOL"
    return "INT64" if flat and all(isinstance(value, int) for value in flat) else "FP64"


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
