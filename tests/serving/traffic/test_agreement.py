"""When the answer of a shadow agrees with the served one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regolo_git.serving.traffic.agreement import MOST_BYTES, agreement

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values)
@settings(max_examples=40)
def test_an_answer_agrees_with_itself(value: object) -> None:
    text = json.dumps(value).encode()
    assert agreement(text, json.dumps(value, indent=1).encode(), is_v2=False)


@pytest.mark.parametrize(
    ("one", "other", "agrees"),
    [
        ("[1000]", "[1001]", False),
        ("[1000.0]", "[1000.9]", True),
        ("[1000.0]", "[1002.0]", False),
        ("[0.0]", "[0.0000009]", True),
        ("[0.0]", "[0.00001]", False),
        ("[1]", "[1.0]", True),
        ("[1]", "[true]", False),
        ("[1.0]", "[true]", False),
        ("[1.0]", "[null]", False),
        ('["a"]', '["b"]', False),
        ("[1, 2]", "[1]", False),
        ("[1, 2]", "[2, 1]", False),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', True),
        ('{"a": 1}', '{"b": 1}', False),
        ("[1.5]", "[1" + "0" * 400 + "]", False),
        ("[NaN]", "[NaN]", True),
        ("not JSON", "[1]", None),
        ("[1]", "\xff", None),
        ("[" * 100_000, "[1]", None),
        (json.dumps("a" * MOST_BYTES), json.dumps("a" * MOST_BYTES), None),
    ],
    ids=range(20),
)
def test_what_agrees(one: str, other: str, agrees: bool | None) -> None:
    assert agreement(one.encode(), other.encode("latin-1"), is_v2=False) is agrees


def test_the_protocols_own_fields_do_not_count() -> None:
    one, other = (
        json.dumps({"model_name": "m", "model_version": v, "id": v, "outputs": [{"data": [1]}]}).encode()
        for v in ("1.0", "1.1")
    )
    assert agreement(one, other, is_v2=True)
    assert not agreement(one, other, is_v2=False)
