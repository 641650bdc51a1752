"""Tensors are matched by name and told apart by type, shape and content."""

from support.tensors import recipe, tensor

from regolo_git.verdict.tensors import compare_tensors


def test_tensors_are_added_removed_reshaped_and_changed() -> None:
    before = recipe(tensor("a"), tensor("b"), tensor("c"), tensor("d"), tensor("gone"))
    after = recipe(
        tensor("a"), tensor("b", fill="b"), tensor("c", shape=(1, 2)), tensor("d", dtype="I32"), tensor("new")
    )
    compared = compare_tensors(before, after)
    assert compared.unchanged == 1
    assert {change.name: change.kind for change in compared.changes} == {
        "b": "changed",
        "c": "reshaped",
        "d": "reshaped",
        "gone": "removed",
        "new": "added",
    }


def test_the_changes_of_one_kind_are_in_the_order_of_their_names() -> None:
    compared = compare_tensors(recipe(), recipe(tensor("b"), tensor("a")))
    assert [change.name for change in compared.of_kind("added")] == ["a", "b"]
    assert compared.of_kind("removed") == ()


def test_the_position_of_a_tensor_makes_no_difference() -> None:
    compared = compare_tensors(recipe(tensor("a", at=0)), recipe(tensor("a", at=64)))
    assert (compared.unchanged, compared.changes) == (1, ())


def test_tensors_of_one_name_in_two_shards_are_matched_in_their_order() -> None:
    before = recipe(tensor("w", fill="a"), tensor("w", fill="b"))
    after = recipe(tensor("w", fill="a"), tensor("w", fill="c"), tensor("w", fill="d"))
    compared = compare_tensors(before, after)
    assert compared.unchanged == 1
    assert [(change.name, change.kind) for change in compared.changes] == [("w", "changed"), ("w", "added")]
