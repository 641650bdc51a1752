"""Values and datatypes: what is declared is compared with what is there; bytes are those of other clients."""

import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.tensor_data import CODES, decode, encode, shaped

DTYPES = {
    **{f"{u}INT{bits}": f"<{u.lower() or 'i'}{bits // 8}" for u in ("", "U") for bits in (8, 16, 32, 64)},
    **dict(zip(("BOOL", "FP16", "FP32", "FP64"), ("?", "<f2", "<f4", "<f8"), strict=True)),
}


def take(datatype: str, *data: object) -> object:
    return shaped("x", datatype, (len(data),), list(data))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("BOOL", [True, False]),
        ("INT8", [-128, 127]),
        ("UINT8", [0, 255]),
        ("INT64", [-(1 << 63), (1 << 63) - 1]),
        ("UINT64", [(1 << 64) - 1]),
        ("FP16", [65504.0, 2048]),
        ("BF16", [0.1, 256, 3.3e38]),
        ("FP32", [0.1, 1 << 24, 3.4e38]),
        ("FP64", [1e300, 1 << 53, 1]),
        ("BYTES", ["a", "", "ü"]),
    ],
)
def test_values_of_the_declared_datatype_are_taken_as_they_are(datatype: str, data: list[object]) -> None:
    taken = take(datatype, *data)
    assert taken == data
    assert list(map(type, taken)) == list(map(type, data))  # type: ignore[arg-type, call-overload]


@pytest.mark.parametrize(
    ("datatype", "data", "words"),
    [
        ("INT32", ["a", 1.5], "input 'x' is declared INT32, and its data has fractions and strings"),
        ("INT32", [1, 2.0], "has fractions"),
        ("INT64", [True], "has true or false"),
        ("INT64", [1 << 63], "beyond the range of INT64"),
        ("UINT8", [256], "beyond the range of UINT8"),
        ("UINT64", [-1], "beyond the range of UINT64"),
        ("BOOL", [1, 0], "declared BOOL, and its data has integers"),
        ("BOOL", ["false"], "has strings"),
        ("FP32", [None], "has null"),
        ("FP32", [True], "has true or false"),
        ("FP32", ["1.5"], "has strings"),
        ("FP32", [1e39], "beyond the range of FP32"),
        ("FP64", [1e400], "infinite or beyond the range of FP64"),
        ("FP32", [1.0, float("-inf")], "infinite or beyond the range of FP32"),
        ("FP16", [65536.0], "beyond the range of FP16"),
        ("BF16", [3.4e38, 3.4028235e38], "beyond the range of BF16"),
        ("FP64", [10**400], "beyond the range of FP64"),
        ("FP64", [(1 << 53) + 1], "an integer that FP64 cannot hold exactly"),
        ("FP32", [(1 << 24) + 1], "an integer that FP32 cannot hold exactly"),
        ("FP16", [2049], "an integer that FP16 cannot hold exactly"),
        ("BF16", [257], "an integer that BF16 cannot hold exactly"),
        ("BYTES", ["a", 1], "declared BYTES, and its data has integers"),
        ("BYTES", [None], "has null"),
        ("BYTES", [{"b64": "AA=="}], "has objects"),
    ],
)
def test_other_values_are_refused_naming_input_type_and_value(
    datatype: str, data: list[object], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        take(datatype, *data)


@pytest.mark.parametrize("datatype", CODES)
@given(data=st.data())
def test_bytes_are_those_of_numpy(datatype: str, data: st.DataObject) -> None:
    dtype = np.dtype(DTYPES[datatype])
    raw = data.draw(st.binary(min_size=4 * dtype.itemsize, max_size=4 * dtype.itemsize))
    array = np.frombuffer(raw, dtype) if datatype != "BOOL" else np.frombuffer(raw, "u1") % 2 == 1
    values = decode(datatype, array.tobytes(), 4)
    assert np.array_equal(np.array(values, dtype), array, equal_nan=datatype.startswith("FP"))
    assert np.array_equal(np.frombuffer(encode(datatype, values), dtype), array, equal_nan=dtype.kind == "f")


NEAR_MOST = 3.3e38


@given(st.lists(st.floats(width=32).filter(lambda value: not NEAR_MOST < abs(value) < float("inf"))))
def test_bfloat16_is_rounded_as_its_library_rounds(values: list[float]) -> None:
    expected = np.array(values, "f4").astype(ml_dtypes.bfloat16)
    held = np.frombuffer(encode("BF16", values), ml_dtypes.bfloat16)
    assert np.array_equal(held.astype("f4"), expected.astype("f4"), equal_nan=True)
    decoded = decode("BF16", expected.tobytes(), len(values))
    assert np.array_equal(decoded, expected.astype("f4"), equal_nan=True)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_strings_have_their_lengths_before_them(texts: list[str]) -> None:
    assert decode("BYTES", encode("BYTES", texts), len(texts)) == texts


@pytest.mark.parametrize("data", [b"\1", b"\5\0\0\0abcd", b"\1\0\0\0a\1\0\0\0b", b"\xff\xff\xff\xffa"])
def test_strings_that_do_not_add_up_are_refused(data: bytes) -> None:
    with pytest.raises(struct.error):
        decode("BYTES", data, 1)
