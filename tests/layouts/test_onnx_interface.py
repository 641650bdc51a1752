"""Inputs and outputs of ONNX models, read from the bytes of their protobuf."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from regolo_git.layouts.interface import FileInterface
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.onnx_interface import onnx_interface


def model(ir_version: int = 8) -> bytes:
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["N", 3]),
        helper.make_tensor_value_info("w", TensorProto.FLOAT, [2]),
    ]
    of_scores = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(1, []))
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT16, None),
        helper.make_value_info("zip", helper.make_sequence_type_proto(of_scores)),
    ]
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2], b"\0" * 8, raw=True)
    nodes = [helper.make_node("Identity", ["ids"], ["scores"])]
    made = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, [weight]), ir_version=ir_version)
    return bytes(made.SerializeToString())


def read(data: bytes) -> FileInterface:
    return onnx_interface(io.BytesIO(data), len(data))


def test_inputs_and_outputs_have_names_types_and_shapes() -> None:
    found = read(model())
    assert found.inputs == {"ids": "INT64 [N, 3]", "w": "FLOAT [2]"}
    assert found.outputs == {"scores": "FLOAT16", "zip": "sequence"}


def test_in_an_old_model_weights_are_no_inputs() -> None:
    assert read(model(ir_version=3)).inputs == {"ids": "INT64 [N, 3]"}


@pytest.mark.parametrize("data", [b"", b"\x08", b"\x08\x08", b"PK\x03\x04" * 9, b"\x08\x08:\x02jj"])
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


@settings(max_examples=40)
@given(st.data())
def test_damage_is_malformed_or_harmless(data: st.DataObject) -> None:
    whole = bytearray(model())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    with contextlib.suppress(Malformed):
        read(cut)
