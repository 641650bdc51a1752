"""Arrays of a request's values, for loaders whose models take arrays.

`numpy.asarray` changes values to give them one type: numbers among text become text, and large integers among
fractions are rounded.  Here the values stay as they are, as objects if need be, or the request is refused.
"""

from math import inf
from types import NoneType
from typing import Any

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.loaders.bfloat16 import from_bits

# A datatype of the Open Inference Protocol as numpy has it; BF16 is held by a wider type.
NUMPY_TYPES = {datatype: name for name, datatype in DATATYPES.items()} | {
    "BF16": "float32",
    "BYTES": "object",
}
LARGEST_EXACT = 1 << 53  # as float64; the next integer is rounded to it


def input_array(numpy: Any, call: Call, name: str) -> Any:
    """An input by name: of its declared type and shape, if it has them.  Raises InvalidInput."""
    named, declared = call.named or {}, call.types.get(name)
    if declared is None:
        return natural_array(numpy, named[name], f"input '{name}'")
    if name in call.binary:
        return _from_bytes(numpy, call.binary[name], declared)
    dtype = NUMPY_TYPES[declared.datatype]
    try:
        return numpy.array(named[name], dtype=dtype).reshape(declared.shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInput(f"input '{name}' is not an array of {declared.datatype}: {error}") from error


def _from_bytes(numpy: Any, data: memoryview, declared: TensorType) -> Any:
    """The array of a binary tensor: a copy, because a model may write to it."""
    if declared.datatype == "BF16":
        array = from_bits(numpy, data)
    elif declared.datatype == "BOOL":
        array = numpy.frombuffer(data, "u1") != 0
    else:
        array = numpy.frombuffer(data, numpy.dtype(NUMPY_TYPES[declared.datatype]).newbyteorder("<")).copy()
    return array.reshape(declared.shape)


def natural_array(numpy: Any, value: Json, what: str) -> Any:
    """The array that numpy makes of plain values, or one of objects if it would change any of them.

    Raises InvalidInput if lists differ in length, or for a number that is infinite or too large for a float.
    """
    plain = _plain_numbers(numpy, value)
    if plain is not None:
        return plain
    held, kinds = objects(numpy, value, what)
    is_mixed = bool(kinds & {NoneType, dict}) or (str in kinds and len(kinds) > 1)
    array = held if is_mixed else numpy.asarray(value)
    if float in kinds and _has_infinity(numpy, array):
        raise InvalidInput(f"{what} has a number that is infinite or too large")
    if array.dtype.kind == "U" and any(text.endswith("\0") for text in held.flat):
        return held
    if array.dtype.kind == "f" and int in kinds and numpy.abs(array).max() >= LARGEST_EXACT:
        return held
    return array


def _plain_numbers(numpy: Any, value: Json) -> Any:
    """The array of numbers that numpy does not change; None if there may be others, or none.

    Most requests are such numbers, and to look at each of them takes three times as long.
    """
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    if not isinstance(first, int | float):
        return None
    try:
        array = numpy.asarray(value)
    except (ValueError, OverflowError):
        return None
    if array.dtype.kind in "iu":
        return array
    # False for NaN as well.
    is_exact = array.dtype.kind == "f" and bool(numpy.abs(array).max() < LARGEST_EXACT)
    return array if is_exact else None


def _has_infinity(numpy: Any, array: Any) -> bool:
    """JSON's own infinity and a number that is too large for a float look the same."""
    if array.dtype == object:
        cells = array.ravel().tolist()
        return inf in cells or -inf in cells
    return bool(numpy.isinf(array).any())


def objects(numpy: Any, value: Json, what: str) -> tuple[Any, set[type]]:
    """An array of the values themselves, and their types.  Raises InvalidInput if lists differ in length."""
    try:
        held = numpy.array(value, dtype=object)
    except ValueError as error:
        raise InvalidInput(f"the lists of {what} differ in length") from error
    kinds = set(map(type, held.ravel().tolist()))
    if list in kinds:
        raise InvalidInput(f"the lists of {what} differ in length")
    return held, kinds
