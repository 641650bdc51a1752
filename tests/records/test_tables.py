"""Tables give up their known keys, each of its kind, and keep the others."""

from typing import Any

import pytest

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.tables import TableReader, check_format, of_file


def reader(**values: Any) -> TableReader:
    return TableReader(values, "the table")


def test_known_keys_are_taken_and_the_others_stay() -> None:
    held = reader(a="x", b=1, c=True, d=[1], e={"f": 2}, g=0.5, later="y")
    assert (held.take("a", str), held.take("b", int), held.take("c", bool)) == ("x", 1, True)
    assert (held.take("d", list), held.take("e", dict), held.take_number("g")) == ([1], {"f": 2}, 0.5)
    assert held.rest == {"later": "y"}


def test_the_table_that_was_given_stays_as_it_was() -> None:
    given = {"a": "x"}
    TableReader(given, "the table").take("a", str)
    assert given == {"a": "x"}


def test_falsy_values_are_there() -> None:
    held = reader(a="", b=0, c=False, d=[], e={}, f=0.0)
    assert (held.take("a", str), held.take("b", int), held.take("c", bool)) == ("", 0, False)
    assert (held.take("d", list), held.take("e", dict), held.take_number("f")) == ([], {}, 0.0)


def test_a_required_key_that_is_missing_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"the table .*'a'"):
        reader().take("a", str)
    assert reader().take_optional("a", str) is None
    assert reader().take_number("a") is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [(1, str), ("1", int), (True, int), (1.0, int), (1, bool), ({}, list), ([], dict), ("x", bool)],
)
def test_a_value_of_another_kind_is_named(value: Any, kind: type[str]) -> None:
    with pytest.raises(IntegrityError, match=r"'a' in the table"):
        reader(a=value).take_optional("a", kind)


@pytest.mark.parametrize("value", ["1", True, [1]])
def test_a_number_is_neither_text_nor_a_truth(value: Any) -> None:
    with pytest.raises(IntegrityError, match=r"'a' in the table"):
        reader(a=value).take_number("a")


def test_a_table_in_the_table_says_where_it_is() -> None:
    held = reader(inner={"a": 1})
    inner = held.take_table("inner")
    assert (inner.take("a", int), held.rest) == (1, {})
    assert reader().take_table("inner").rest == {}
    with pytest.raises(IntegrityError, match=r"\[inner\] in the table"):
        reader(inner={}).take_table("inner").take("a", int)
    with pytest.raises(IntegrityError):
        reader(inner=1).take_table("inner")


def test_a_format_is_from_one_to_the_newest() -> None:
    for number in (1, 2):
        check_format(number, 2, "it")
        reader(format=number).take_format(2)
    for number in (0, -1):
        with pytest.raises(IntegrityError) as caught:
            check_format(number, 2, "it")
        assert not isinstance(caught.value, NewerFormat)
    with pytest.raises(NewerFormat) as newer:
        reader(format=3).take_format(2)
    assert "pip install" in str(newer.value.hint)
    with pytest.raises(IntegrityError):
        reader().take_format(2)


@pytest.mark.parametrize(
    ("error", "kind", "message", "hint"),
    [
        (InvalidInput("no", "do this"), IntegrityError, "'a/b.toml': no", "git log -p -- :/a/b.toml"),
        (IntegrityError("no"), IntegrityError, "'a/b.toml': no", "git log -p -- :/a/b.toml"),
        (IntegrityError("no", "do this"), IntegrityError, "'a/b.toml': no", "do this"),
        (NewerFormat("'a/b.toml' is new", "upgrade"), NewerFormat, "'a/b.toml' is new", "upgrade"),
    ],
)
def test_an_error_in_a_file_names_the_file_once(
    error: IntegrityError, kind: type[IntegrityError], message: str, hint: str
) -> None:
    with pytest.raises(IntegrityError) as caught, of_file("a/b.toml"):
        raise error
    assert type(caught.value) is kind
    assert (caught.value.message, str(caught.value.hint)) == (message, hint)
    assert caught.value.__cause__ is error


def test_other_errors_of_a_file_pass() -> None:
    with pytest.raises(KeyError), of_file("a/b.toml"):
        raise KeyError
