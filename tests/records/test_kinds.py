"""A boolean is not a number, and an integer is."""

import pytest

from regolo_git.records.kinds import is_kind, is_number


@pytest.mark.parametrize(
    ("value", "kind"),
    [("x", str), (1, int), (1, float), (0.5, float), (True, bool), ([], list), ({}, dict)],
)
def test_a_value_is_of_its_kind(value: object, kind: type) -> None:
    assert is_kind(value, kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, int), (True, float), (1, bool), (1.0, int), ("1", int), (None, str), (None, bool), ({}, list)],
)
def test_a_value_is_of_no_other_kind(value: object, kind: type) -> None:
    assert not is_kind(value, kind)


@pytest.mark.parametrize(("value", "number"), [(1, True), (0.5, True), (False, False), ("1", False)])
def test_numbers_are_integers_and_floats(value: object, number: bool) -> None:
    assert is_number(value) is number
