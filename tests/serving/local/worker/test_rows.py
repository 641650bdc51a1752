"""Arguments are joined row for row and outputs split again; what has another form is kept apart."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.serving.local.worker.rows import NotByRow, form_of, join, split

ragged = st.lists(st.integers(1, 5), min_size=1, max_size=6)


def key(argument: Any) -> Any:
    form = form_of(argument)
    return None if form is None else form.key


@given(ragged, st.sampled_from(["<f4", "<f8", "<i8", "|b1", "<U3"]), st.sampled_from([(), (3,), (2, 2)]))
def test_arrays_come_back_as_they_were(sizes: list[int], dtype: str, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    parts = [random.integers(0, 9, (size, *shape)).astype(dtype) for size in sizes]
    forms = [form_of(part) for part in parts]
    assert [form.rows for form in forms if form is not None] == sizes
    assert len({form.key for form in forms if form is not None}) == 1
    joined = join([{"a": part, "b": None, "c": part.tolist()} for part in parts])
    assert joined["b"] is None
    for part, again in zip(parts, split({"a": joined["a"], "c": joined["c"]}, sizes), strict=True):
        assert again["a"].dtype == part.dtype
        assert np.array_equal(again["a"], part)
        assert np.array_equal(again["c"], part)


@given(ragged)
def test_each_target_of_several_comes_back(sizes: list[int]) -> None:
    total = sum(sizes)
    targets = [np.arange(total * width).reshape(total, width) for width in (2, 3)]
    if total == len(targets):
        with pytest.raises(NotByRow, match="rows or targets"):
            split(targets, sizes)
        return
    parts = split(targets, sizes)
    assert [[len(target) for target in part] for part in parts] == [[size, size] for size in sizes]
    assert all(np.array_equal(np.concatenate(found), held) for found, held in zip(zip(*parts), targets))  # noqa: B905


def test_values_of_other_types_and_shapes_are_not_joined() -> None:
    arguments = [
        np.ones((1, 3)),
        np.ones((1, 4)),
        np.ones((1, 3), "f4"),
        np.ones((1, 3), int),
        np.array([[1, "a", None]], dtype=object),
        np.array([[1.0, "a", None]], dtype=object),
        [[1, 2, 3]],
        [[1.0, 2, 3]],
        [[1, 2]],
        [[1, 2, None]],
        [{"a": 1}],
        [{"a": 1.0}],
        [{"b": 1}],
        ["text"],
        {"a": np.ones((1, 3))},
        {"a": np.ones((1, 3)), "b": None},
        {"b": np.ones((1, 3))},
    ]
    keys = [key(argument) for argument in arguments]
    assert None not in keys
    # An optional input that is absent is as good as one that is not named.
    assert len(set(keys)) == len(keys) - 1
    assert keys[14] == keys[15]


@pytest.mark.parametrize(
    "argument",
    [[], np.ones((0, 3)), np.float64(1), None, {}, "ab", {"a": np.ones(2), "b": np.ones(3)}, {"a": 1}],
    ids=str,
)
def test_what_has_no_rows_is_not_joined(argument: Any) -> None:
    assert form_of(argument) is None


def test_plain_rows_of_other_lengths_in_one_request_are_joined_with_the_like() -> None:
    ragged_rows = [[1], [1, 2]]
    assert key(ragged_rows) == key([[3, 4], [5], [6]])
    assert join([ragged_rows, [[3]]]) == [[1], [1, 2], [3]]


@pytest.mark.parametrize(
    "outputs", [1.5, "ab", [1, 2], np.ones(()), np.ones((2, 3)), {"a": [1, 2, 3], "b": [1]}]
)
def test_outputs_that_are_not_one_for_each_row_are_not_split(outputs: Any) -> None:
    with pytest.raises(NotByRow):
        split(outputs, [1, 2])


def test_lists_and_tuples_are_split_as_they_are() -> None:
    assert split([{"a": 1}, {"a": 2}, {"b": 3}], [1, 2]) == [[{"a": 1}], [{"a": 2}, {"b": 3}]]
    assert split(("x", "y"), [1, 1]) == [("x",), ("y",)]


def test_lists_of_any_depth_are_left_to_the_model() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert form_of(deep) is None
