"""Tables give up their known keys, each of its kind, and keep the others."""

from typing import Any

import pytest

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.tables import TableReader, check_format, of_file


def document(text: str, *, newest: int = 1) -> TableReader:
    return TableReader.of_document(text, "the record", newest=newest)


def reader(**values: Any) -> TableReader:
    return TableReader(values, "the table")


def test_known_keys_are_taken_and_the_others_stay() -> None:
    held = reader(a="x", b=1, c=True, d=[1], e={"f": 2}, g=0.5, later="y")
    assert (held.take("a", str), held.take("b", int), held.take("c", bool)) == ("x", 1, True)
    assert (held.take("d", list), held.take("e", dict), held.take("g", float)) == ([1], {"f": 2}, 0.5)
    assert held.rest == {"later": "y"}


def test_the_table_that_was_given_stays_as_it_was() -> None:
    given = {"a": "x"}
    TableReader(given, "the table").take("a", str)
    assert given == {"a": "x"}


def test_falsy_values_are_there() -> None:
    held = reader(a="", b=0, c=False, d=[], e={}, f=0.0)
    assert (held.take("a", str), held.take("b", int), held.take("c", bool)) == ("", 0, False)
    assert (held.take("d", list), held.take("e", dict), held.take("f", float)) == ([], {}, 0.0)


def test_a_required_key_that_is_missing_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"the table .*'a'"):
        reader().take("a", str)
    assert reader().take_optional("a", str) is None
    assert reader().take_optional("a", float) is None


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
        reader(a=value).take_optional("a", float)


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
        assert document(f"format = {number}", newest=2).rest == {}
    for number in (0, -1):
        with pytest.raises(IntegrityError) as caught:
            check_format(number, 2, "it")
        assert not isinstance(caught.value, NewerFormat)
    with pytest.raises(NewerFormat) as newer:
        document("format = 3", newest=2)
    assert "pip install" in str(newer.value.hint)
    for text in ("", "format = ["):
        with pytest.raises(IntegrityError):
            document(text, newest=2)


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


def test_strings_of_a_list() -> None:
    assert document("format = 1\n" + 'k = ["a", "b"]').take_texts("k") == ("a", "b")
    assert document("format = 1\n" + "").take_texts("k") == ()
    with pytest.raises(IntegrityError, match=r"^'k' in the record is not a list of strings$"):
        document("format = 1\n" + 'k = ["a", 1]').take_texts("k")


def test_the_tables_of_a_table_have_their_names() -> None:
    held = document("format = 1\n" + '[t.plain]\nk = 1\n[t."1.0"]\nk = "x"\n')
    (first, one), (second, two) = held.take_tables("t")
    assert (first, one.what) == ("plain", "[t.plain] in the record")
    assert (second, two.what) == ("1.0", '[t."1.0"] in the record')
    with pytest.raises(IntegrityError, match=r"^'k' in \[t\.\"1\.0\"\] in the record is not an integer$"):
        two.take("k", int)
    assert held.take_tables("t") == []


@pytest.mark.parametrize("text", ["t = { a = 1 }", "t = 1"])
def test_a_value_that_is_not_a_table_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError, match="is not a table"):
        document(f"format = 1\n{text}").take_tables("t")


def test_a_hostile_name_can_be_printed() -> None:
    with pytest.raises(IntegrityError) as caught:
        document("format = 1\n" + '[t]\n"\\u001b\\u202e" = 1\n').take_tables("t")
    assert caught.value.message.isprintable()
