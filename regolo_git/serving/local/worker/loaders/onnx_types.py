"""The types of an ONNX model's inputs and outputs in terms of the Open Inference Protocol."""

import re
from typing import Any, Final

from regolo_git.errors import ServingError
from regolo_git.serving.local.worker.call import TensorType

DATATYPES: Final = {
    "float16": "FP16",
    "bfloat16": "BF16",
    "float": "FP32",
    "double": "FP64",
    "bool": "BOOL",
    "string": "BYTES",
    **{f"{u}int{bits}": f"{u.upper()}INT{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)},
}
TENSOR: Final = re.compile(r"(?:optional\()?tensor\((\w+)\)\)?")
# What ZipMap returns: the scores of each row by class.
SCORES: Final = re.compile(r"(seq\()?map\(\w+,\s?tensor\((\w+)\)\)\)?")
LIST: Final = re.compile(r"seq\(tensor\((\w+)\)\)")


def input_type(entry: Any) -> TensorType:
    """The type of an input.  Raises ServingError for one that no request can have."""
    match = TENSOR.fullmatch(entry.type)
    if match is None or match[1] not in DATATYPES:
        raise ServingError(f"input '{entry.name}' has the type '{entry.type}', which no request can hold")
    return TensorType(entry.name, DATATYPES[match[1]], _sizes(entry))


def output_type(entry: Any) -> TensorType:
    """The type of an output; scores by class become a matrix with a column for each class."""
    scores = SCORES.fullmatch(entry.type)
    if scores is not None:
        shape = (-1, -1) if scores[1] else (-1,)
        return TensorType(entry.name, DATATYPES.get(scores[2], "BYTES"), shape)
    match = LIST.fullmatch(entry.type)
    if match is not None:
        return TensorType(entry.name, DATATYPES.get(match[1], "BYTES"), (-1,))
    match = TENSOR.fullmatch(entry.type)
    return TensorType(entry.name, DATATYPES.get(match[1] if match else "", "BYTES"), _sizes(entry))


def is_bfloat16(entry: Any) -> bool:
    """Whether it is a tensor of a type that numpy does not have."""
    return TENSOR.fullmatch(entry.type) is not None and "bfloat16" in entry.type


def _sizes(entry: Any) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in entry.shape or ())
