"""Named arrays as a safetensors file, without a copy of the data.

The file equals the one that the safetensors library writes (`safetensors_header.py`).  `ArraysFile` reads its
bytes from the arrays themselves.
"""

import io
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from regolo_git.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regolo_git.artifacts.safetensors_header import Described

    Array = NDArray[np.generic]

DTYPES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e8m0fnu": "F8_E8M0",
    "int16": "I16",
    "uint16": "U16",
    "float16": "F16",
    "bfloat16": "BF16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "complex64": "C64",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
}
# PyTorch types that numpy lacks, with the type to view their bits as.
TORCH_VIEWS = {
    "torch.bfloat16": ("int16", "BF16"),
    "torch.float8_e5m2": ("uint8", "F8_E5M2"),
    "torch.float8_e4m3fn": ("uint8", "F8_E4M3"),
    "torch.float8_e8m0fnu": ("uint8", "F8_E8M0"),
}


@runtime_checkable
class ArrayLike(Protocol):
    """Anything that numpy converts to an array: arrays of numpy, PyTorch, JAX, TensorFlow."""

    def __array__(self) -> "Array": ...


class TorchTensor(Protocol):
    """The part of PyTorch's tensor that is used here; PyTorch itself is never imported."""

    dtype: object

    def detach(self) -> "TorchTensor": ...
    def cpu(self) -> "TorchTensor": ...
    def contiguous(self) -> "TorchTensor": ...
    def view(self, dtype: object) -> "TorchTensor": ...
    def numpy(self) -> "Array": ...


class ArraysFile(io.RawIOBase):
    """A readable safetensors file of named arrays."""

    def __init__(self, arrays: Mapping[str, ArrayLike]) -> None:
        # Only arrays need it: a path is committed without.
        from regolo_git.artifacts.safetensors_header import safetensors_header  # noqa: PLC0415

        super().__init__()
        named = sorted((_described(name, array) for name, array in arrays.items()), key=lambda n: n[0].place)
        header = safetensors_header([tensor for tensor, _ in named])
        self._parts: list[bytes | Array] = [header, *(array for _, array in named)]
        self._sizes = [len(header), *(tensor.size for tensor, _ in named)]
        self.size = sum(self._sizes)
        self._position = 0

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset from the start, the current position or the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: object, /) -> int:
        """Fills the buffer, up to the end of the file."""
        view = memoryview(cast(bytearray, buffer)).cast("B")
        done = 0
        for part, start in self._parts_from(self._position):
            data = _bytes_of(part)[start : start + len(view) - done]
            view[done : done + len(data)] = data
            done += len(data)
            if done == len(view):
                break
        self._position += done
        return done

    def _parts_from(self, position: int) -> "Iterator[tuple[bytes | Array, int]]":
        """The parts from a position on, each with the offset to start at."""
        for part, size in zip(self._parts, self._sizes, strict=True):
            if position < size:
                yield part, position
            position = max(0, position - size)


def _described(name: str, array: ArrayLike) -> "tuple[Described, Array]":
    from regolo_git.artifacts.safetensors_header import Described  # noqa: PLC0415 - as above

    dtype, plain = _as_numpy(name, array)
    return Described(name, dtype, plain.shape, plain.nbytes), plain


def _as_numpy(name: str, array: ArrayLike) -> "tuple[str, Array]":
    """The safetensors type and the array, little-endian and contiguous."""
    # Only arrays need numpy, and it takes 60 ms to import.
    import numpy as np  # noqa: PLC0415

    if hasattr(array, "detach"):
        dtype, plain = _from_torch(cast(TorchTensor, array))
    elif isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise InvalidInput(
            f"array '{name}' has masked elements, which safetensors cannot hold", "pass array.filled(VALUE)"
        )
    else:
        plain = np.asarray(array)
        dtype = DTYPES.get(plain.dtype.name)
    if dtype is None:
        raise InvalidInput(
            f"array '{name}' has type '{plain.dtype}', which safetensors cannot hold",
            "save the model to a file first, and pass its path",
        )
    if plain.dtype.byteorder == ">" or (plain.dtype.byteorder == "=" and sys.byteorder == "big"):
        plain = plain.astype(plain.dtype.newbyteorder("<"))
    return dtype, np.asarray(plain, order="C")


def _from_torch(tensor: TorchTensor) -> "tuple[str | None, Array]":
    tensor = tensor.detach().cpu().contiguous()
    if str(tensor.dtype) in TORCH_VIEWS:
        bits, dtype = TORCH_VIEWS[str(tensor.dtype)]
        return dtype, tensor.view(getattr(sys.modules["torch"], bits)).numpy()
    array = tensor.numpy()
    return DTYPES.get(array.dtype.name), array


def _bytes_of(part: "bytes | Array") -> memoryview:
    if isinstance(part, bytes):
        return memoryview(part)
    # Extension types (bfloat16) have no buffer interface, but every type can be viewed as bytes.
    return part.reshape(-1).view("u1").data
