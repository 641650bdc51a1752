"""Values of JSON are of the kind that was asked for, or the error names where they are."""

import json

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader


def reader(value: Json) -> JsonReader:
    return JsonReader.parse(json.dumps(value), "the answer")


def test_values_are_read_by_their_kind() -> None:
    held = reader({"s": "x", "i": 3, "f": 0.5, "b": False, "l": [1], "o": {"k": None}, "n": None})
    assert (held.get("s", str), held.get("i", int), held.get("f", float)) == ("x", 3, 0.5)
    assert (held.get("b", bool), held.get("l", list), held.get("o", dict)) == (False, [1], {"k": None})
    assert (held.get_optional("n", str), held.get_optional("missing", int)) == (None, None)


def test_an_integer_is_a_number() -> None:
    assert reader({"n": 3}).get("n", float) == 3


def test_lists_and_objects_of_one_kind() -> None:
    held = reader({"names": ["a", "b"], "counts": {"x": 1, "y": 2}, "none": []})
    assert held.list_of("names", str) == ["a", "b"]
    assert held.dict_of("counts", int) == {"x": 1, "y": 2}
    assert held.list_of("none", str) == []


def test_objects_lists_of_objects_and_rows_are_readers() -> None:
    held = reader({"o": {"k": 1}, "l": [{"k": 2}, {"k": 3}], "m": {"a": {"k": 4}}, "r": [["x", 5], ["y", 6]]})
    assert held.object("o").get("k", int) == 1
    assert [entry.get("k", int) for entry in held.objects("l")] == [2, 3]
    assert {name: entry.get("k", int) for name, entry in held.named_objects("m")} == {"a": 4}
    assert [(row.get(0, str), row.get(1, int)) for row in held.rows("r", 2)] == [("x", 5), ("y", 6)]


@pytest.mark.parametrize(
    ("value", "kind", "problem"),
    [
        (1, str, "a string"),
        ("1", int, "an integer"),
        (1.0, int, "an integer"),
        (True, int, "an integer"),
        (True, float, "a number"),
        ("1", float, "a number"),
        (1, bool, "true or false"),
        ({}, list, "a list"),
        ([], dict, "an object"),
    ],
)
def test_a_value_of_another_kind_is_refused(value: Json, kind: type[str], problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reader({"k": value}).get_optional("k", kind)
    assert caught.value.message == f"'k' in the answer is not {problem}"


@pytest.mark.parametrize("held", [{}, {"k": None}])
def test_missing_content_is_named(held: Json) -> None:
    with pytest.raises(InvalidInput) as caught:
        reader(held).get("k", str)
    assert caught.value.message == "the answer lacks 'k'"


def test_an_error_names_the_path() -> None:
    held = reader({"files": [{"size": 1}, {"size": "x"}], "rows": [[1, [2, "y"]]], "by": {"m": {"v": 1}}})
    with pytest.raises(InvalidInput, match=r"^'files\[1\]\.size' in the answer is not an integer$"):
        [file.get("size", int) for file in held.objects("files")]
    with pytest.raises(InvalidInput, match=r"^'rows\[0\]\[1\]\[1\]' in the answer is not an integer$"):
        [row.list_of(1, int) for row in held.rows("rows", 2)]
    with pytest.raises(InvalidInput, match=r"^'by\.m\.v' in the answer is not a string$"):
        held.object("by").dict_of("m", str)


@pytest.mark.parametrize("rows", [[[1]], [[1, 2, 3]], [[]], [1], [{}]])
def test_a_row_of_another_width_is_refused(rows: Json) -> None:
    with pytest.raises(InvalidInput, match=r"^'rows\[0\]' in the answer is not a list of 2 values$"):
        list(reader({"rows": rows}).rows("rows", 2))


@pytest.mark.parametrize("text", [b"{", b"\xff", "[" * 100_000, ""])
def test_invalid_json_is_refused(text: bytes | str) -> None:
    with pytest.raises(InvalidInput, match=r"^the answer is not JSON$"):
        JsonReader.parse(text, "the answer")


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_the_top_level_is_an_object(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^the answer is not a JSON object$"):
        JsonReader.parse(text, "the answer")


def test_a_reader_of_a_wrong_value_says_what_is_wrong_with_it() -> None:
    error = next(reader({"l": [{"n": -1}]}).objects("l")).wrong("n", "is negative")
    assert error.message == "'l[0].n' in the answer is negative"


@pytest.mark.parametrize("value", [1, None, [], "x"])
def test_an_element_that_is_not_an_object_is_refused(value: Json) -> None:
    with pytest.raises(InvalidInput, match=r"^'l\[1\]' in the answer is not an object$"):
        list(reader({"l": [{}, value]}).objects("l"))


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_only_python_reads_is_refused_by_its_name(text: str) -> None:
    held = JsonReader.parse(f'{{"a": {{"n": [{text}]}}}}', "the note")
    with pytest.raises(InvalidInput, match=r"^'a\.n\[0\]' in the note is "):
        held.object("a").list_of("n", float)
