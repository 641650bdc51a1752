"""Inputs in the types that a model declares: only casts that keep every value, or the request is refused.

A float of JSON has no width, so it is rounded to that of the model, as Python does it.  Everything else that
is not of the model's type is refused with the name of the input, the type wanted and the type given, but for
integers that a float holds exactly and declared types that the model's type contains.
"""

from types import NoneType
from typing import Any

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.loaders.arrays import NUMPY_TYPES, input_array, objects
from regolo_git.serving.local.worker.tensor_data import is_unicode

FLOATS = ("FP16", "BF16", "FP32", "FP64")
# The number of bits of an integer that each float holds.
MANTISSAS = {"FP16": 11, "BF16": 8, "FP32": 24, "FP64": 53}
LARGEST_BF16 = 3.3895313892515355e38
WORDS = {
    NoneType: "null",
    bool: "a boolean",
    int: "an integer",
    float: "a floating-point number",
    str: "text",
    dict: "an object",
}


def cast_input(numpy: Any, call: Call, value: Json, wanted: TensorType) -> Any:
    """An input's values as numpy holds the wanted datatype; of BF16, float32 values that it can hold.

    Raises InvalidInput.
    """
    declared = call.types.get(wanted.name)
    if declared is None:
        return _from_plain(numpy, value, wanted)
    array = input_array(numpy, call, wanted.name)
    if declared.datatype == wanted.datatype:
        return array
    if _is_integer(declared.datatype) and wanted.datatype in FLOATS:
        return _exact(numpy, array.astype(object), wanted)
    if not _contains(numpy, wanted.datatype, declared.datatype):
        raise InvalidInput(f"input '{wanted.name}' takes {wanted.datatype}, not {declared.datatype}")
    return array.astype(NUMPY_TYPES[wanted.datatype])


def _is_integer(datatype: str) -> bool:
    return datatype.lstrip("U").startswith("INT")


def _contains(numpy: Any, wanted: str, given: str) -> bool:
    """Whether every value of one number type is one of the other, exactly."""
    if "BOOL" in (wanted, given) or "BYTES" in (wanted, given) or wanted == "BF16":
        return False
    return bool(numpy.can_cast(NUMPY_TYPES[given], NUMPY_TYPES[wanted], "safe"))


def _from_plain(numpy: Any, value: Json, wanted: TensorType) -> Any:
    held, kinds = objects(numpy, value, f"input '{wanted.name}'")
    wrong = kinds - _kinds(wanted.datatype)
    if wrong:
        first = next(cell for cell in held.flat if type(cell) in wrong)
        shown = "" if first is None or isinstance(first, dict) else f" ({first!r:.40})"
        raise InvalidInput(
            f"input '{wanted.name}' takes {wanted.datatype}, and the request has {WORDS[type(first)]}{shown}"
        )
    if wanted.datatype in FLOATS:
        return _exact(numpy, held, wanted) if int in kinds else _rounded(numpy, held, wanted)
    if _is_integer(wanted.datatype):
        _check_range(numpy, held, wanted)
    if wanted.datatype == "BYTES" and not is_unicode(held.ravel().tolist()):
        raise InvalidInput(f"input '{wanted.name}' takes text, and the request has half of a surrogate pair")
    return held.astype(NUMPY_TYPES[wanted.datatype])


def _kinds(datatype: str) -> set[type]:
    if datatype in FLOATS:
        return {float, int}
    return {bool} if datatype == "BOOL" else {str} if datatype == "BYTES" else {int}


def _check_range(numpy: Any, held: Any, wanted: TensorType) -> None:
    limits = numpy.iinfo(NUMPY_TYPES[wanted.datatype])
    cells = held.ravel().tolist()
    for cell in (min(cells), max(cells)) if cells else ():
        if not limits.min <= cell <= limits.max:
            raise InvalidInput(f"input '{wanted.name}' takes {wanted.datatype}, which cannot hold {cell}")


def _rounded(numpy: Any, held: Any, wanted: TensorType) -> Any:
    """Floats in the width of the model; JSON's own infinity and a number that is too large look the same."""
    try:
        with numpy.errstate(over="ignore"):
            array = held.astype("float64").astype(NUMPY_TYPES[wanted.datatype])
    except OverflowError as error:
        raise _too_large(wanted) from error
    largest = LARGEST_BF16 if wanted.datatype == "BF16" else numpy.finfo(array.dtype).max
    if (numpy.abs(array) > largest).any():
        raise _too_large(wanted)
    return array


def _too_large(wanted: TensorType) -> InvalidInput:
    return InvalidInput(
        f"input '{wanted.name}' takes {wanted.datatype}, and a number of the request is too large for it"
    )


def _exact(numpy: Any, held: Any, wanted: TensorType) -> Any:
    """Floats and integers; each integer must be one of the float type's values."""
    array = _rounded(numpy, held, wanted)
    bits = MANTISSAS[wanted.datatype]
    for cell in held[numpy.abs(array) >= 2.0**bits]:
        # Its lowest bits are zero if the float can hold it.
        if isinstance(cell, int) and (cell & -cell) << bits <= abs(cell):
            raise InvalidInput(
                f"input '{wanted.name}' takes {wanted.datatype}, which cannot hold {cell} exactly"
            )
    return array
