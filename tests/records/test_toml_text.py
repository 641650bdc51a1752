"""Canonical TOML: one text for one value, which the standard library reads, within bounds."""

import math
import tomllib
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.toml_text import BYTES_LIMIT, dump_document, inline_text, load_document


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é\\\"\t\b\f\r", r'"é\\\"\t\b\f\r"'),
        ("\x00\x1f\x7f ", r'"\u0000\u001F\u007F "'),
        (True, "true"),
        (False, "false"),
        (-(2**63), "-9223372036854775808"),
        (2**63 - 1, "9223372036854775807"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (-0.0, "-0.0"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4, 5), "03:04:05"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3))), "2026-01-02T00:00:00-03:00"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(seconds=90))), "2026-01-01T23:58:30Z"),
        ([], "[]"),
        ([1, "a\nb", [True]], r'[1, "a\nb", [true]]'),
        ({}, "{}"),
        ({"a": 1, "b c": {"d": "x"}}, '{ a = 1, "b c" = { d = "x" } }'),
    ],
)  # fmt: skip
def test_a_value_has_one_text(value: Any, text: str) -> None:
    assert inline_text(value) == text
    assert tomllib.loads(f"k = {text}")["k"] == value


@pytest.mark.parametrize("text", ["a\nb", '"', '""\n', '"""\n', '""""', "\n", "a\n\tb\\c\rd\x00", 'x\n"'])
def test_text_of_several_lines_stays_readable_and_reads_back(text: str) -> None:
    dumped = dump_document({"k": text})
    assert tomllib.loads(dumped) == {"k": text}
    assert dumped.count("\n") == text.count("\n") + (2 if "\n" in text else 1)


def test_tables_come_after_values_with_an_empty_line_before_each() -> None:
    document = {"t": {"x": 1, "u": {"y": 2}}, "a": 1, "empty": {}, "only": {"sub": {"z": 3}}}
    assert dump_document(document) == (
        'a = 1\n\n[t]\nx = 1\n\n[t.u]\ny = 2\n\n[empty]\n\n[only.sub]\nz = 3\n'
    )  # fmt: skip
    assert dump_document({}) == ""
    assert dump_document({"t": {"x": 1}}) == "[t]\nx = 1\n"


def test_keys_are_quoted_where_they_must_be() -> None:
    document = {"a-B_9": {"x.y": {"": 1, "é": 2}}}
    assert dump_document(document) == '[a-B_9."x.y"]\n"" = 1\n"é" = 2\n'


def test_files_and_retired_versions_have_a_line_each() -> None:
    document = {
        "files": {"b": {"size": 1}, "a": {"size": 2}},
        "retired": {"1.0": {"who": "x\ny"}},
        "x": {"f": {"y": 1}},
    }
    assert dump_document(document) == (
        '[files]\nb = { size = 1 }\na = { size = 2 }\n\n[retired]\n"1.0" = { who = "x\\ny" }\n\n[x.f]\ny = 1\n'
    )  # fmt: skip


def test_a_list_is_on_one_line_up_to_a_hundred_characters() -> None:
    exact = {"k": ["x" * 92]}
    assert len(dump_document(exact)) == 101
    assert dump_document(exact).count("\n") == 1
    longer = dump_document({"k": ["x" * 92 + "y", 2]})
    assert longer == f'k = [\n    "{"x" * 92}y",\n    2,\n]\n'
    assert tomllib.loads(longer) == {"k": ["x" * 92 + "y", 2]}


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, math.nan, math.inf, -math.inf, "\ud800x", "x\udfff"])
def test_a_value_that_toml_cannot_hold_is_named_by_its_key(value: Any) -> None:
    for document, key in (
        ({"k": value}, "k"),
        ({"t": {"k": [1, value]}}, "t.k"),
        ({"k": [{"a": value}]}, "k.a"),
    ):
        with pytest.raises(InvalidInput, match=f"^'{key}' "):
            dump_document(document)


def test_characters_beside_the_surrogates_are_text() -> None:
    assert tomllib.loads(dump_document({"k": "\ud7ff\ue000"})) == {"k": "\ud7ff\ue000"}
    with pytest.raises(InvalidInput):
        dump_document({"\ud800": 1})


def nested(depth: int, inner: Any, *, lists: bool) -> Any:
    for _ in range(depth):
        inner = [inner] if lists else {"k": inner}
    return inner


@pytest.mark.parametrize("lists", [False, True])
def test_nesting_is_written_to_its_limit(lists: bool) -> None:
    assert tomllib.loads(dump_document({"k": nested(32, 1, lists=lists)}))
    with pytest.raises(InvalidInput, match="deeper"):
        dump_document({"k": nested(33, 1, lists=lists)})


# -- reading ----------------------------------------------------------------------------------------------


def test_a_document_is_read_from_text_or_bytes() -> None:
    assert load_document("a = 'é'", "x") == load_document("a = 'é'".encode(), "x") == {"a": "é"}


@pytest.mark.parametrize("data", ["a =", "a = 1\na = 2", b"\xff", "a = " + "[" * 5000])
def test_damaged_text_is_an_integrity_error_with_its_name(data: str | bytes) -> None:
    with pytest.raises(IntegrityError, match=r"^the file "):
        load_document(data, "the file")


def test_a_document_has_a_largest_size() -> None:
    comment = "#" * BYTES_LIMIT
    assert load_document(comment, "x") == {}
    with pytest.raises(IntegrityError, match="larger"):
        load_document(f"{comment}#", "x")


def dotted(parts: int) -> str:
    return ".".join(["a"] * parts)


@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "[[{}]]", "x = {{ b = 1, {} = 2 }}", "x = 1\n {} = 2"])
def test_a_key_has_a_largest_number_of_parts(form: str) -> None:
    assert load_document(form.format(dotted(65)), "x")
    with pytest.raises(IntegrityError, match="parts"):
        load_document(form.format(dotted(66)), "x")


def test_the_key_that_is_too_long_may_come_after_one_that_is_not() -> None:
    with pytest.raises(IntegrityError, match="parts"):
        load_document(f"a = 1\nb = 'c'\n{dotted(66)} = 1\n", "x")


def test_dots_in_a_value_are_no_parts_of_a_key() -> None:
    text = "." * 100
    assert load_document(f"a = '{text}'", "x") == {"a": text}
