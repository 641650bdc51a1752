"""Arrays of bfloat16, which numpy does not have: the upper halves of float32, in and out of libraries."""

from ctypes import string_at
from typing import Any

ONNX_BFLOAT16 = 16  # in TensorProto.DataType


class BrainFloats:
    """The values of a tensor of bfloat16 as an answer takes an array, held as float32."""

    dtype = "bfloat16"

    def __init__(self, values: Any) -> None:
        self._values = values
        self.shape: tuple[int, ...] = values.shape

    def reshape(self, *shape: int) -> "BrainFloats":
        """The same values in another shape."""
        return BrainFloats(self._values.reshape(*shape))

    def tolist(self) -> object:
        """Nested lists of floats."""
        return self._values.tolist()


def to_value(numpy: Any, runtime: Any, values: Any) -> Any:
    """A tensor of onnxruntime from float32 values, each rounded to nearest, ties to even."""
    bits = numpy.ascontiguousarray(values, dtype="float32").view("uint32")
    halves = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("uint16")
    halves = numpy.where(numpy.isnan(values), 0x7FC0, halves).astype("uint16").reshape(values.shape)
    return runtime.OrtValue.ortvalue_from_numpy_with_onnx_type(halves, ONNX_BFLOAT16)


def from_value(numpy: Any, value: Any) -> BrainFloats:
    """The values of a tensor of onnxruntime, which cannot give them itself."""
    size = value.tensor_size_in_bytes()
    held = string_at(value.data_ptr(), size) if size else b""
    return BrainFloats(from_bits(numpy, held).reshape(value.shape()))


def from_bits(numpy: Any, held: bytes | memoryview) -> Any:
    """The float32 values of bytes of bfloat16."""
    return (numpy.frombuffer(held, dtype="<u2").astype("uint32") << 16).view("float32")
