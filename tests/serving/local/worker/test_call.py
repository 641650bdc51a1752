"""A call as a plain callable sees it."""

from regolo_git.serving.local.worker.call import Call


def test_a_plain_callable_sees_rows_records_or_a_mapping() -> None:
    assert Call(rows=[[1, 2]]).plain() == [[1, 2]]
    assert Call(rows=[[1, 2], [3, 4]], columns=("a", "b")).plain() == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert Call(named={"x": [1]}).plain() == {"x": [1]}
