"""`NAME=VALUE` and metadata files."""

import os
import threading
from datetime import date
from pathlib import Path

import pytest

from regolo_git.cli.options.assignments import (
    free_value,
    gather_data,
    gather_metadata,
    gather_parameters,
    metric_value,
    read_serving,
)
from regolo_git.errors import InvalidInput, NotFound


def test_dots_make_tables() -> None:
    assert gather_metadata(None, ["accuracy=0.92", "eval.f1=1", "task=ner"]) == {
        "accuracy": 0.92,
        "eval": {"f1": 1},
        "task": "ner",
    }


def test_a_metric_that_is_not_a_number_says_how_to_keep_words() -> None:
    with pytest.raises(InvalidInput) as caught:
        metric_value("note", "good")
    assert caught.value.hint == "for other values: --meta note=good"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain words", "plain words"),
        ("3", 3),
        ("true", True),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ("2026-07-01", date(2026, 7, 1)),
        ("a = b", "a = b"),
        ("1\nb = 2", "1\nb = 2"),
        ("", ""),
        ("[" * 5000, "[" * 5000),
    ],
)
def test_other_values_are_as_toml_has_them_or_text(text: str, value: object) -> None:
    assert free_value(text) == value


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    file.write_text('{"accuracy": 0.5, "eval": {"f1": 0.4}}')
    assert gather_metadata(file, ["eval.name=test", "accuracy=0.6"]) == {
        "accuracy": 0.6,
        "eval": {"f1": 0.4, "name": "test"},
    }


def test_a_metadata_file_is_toml_unless_it_says_json(tmp_path: Path) -> None:
    file = tmp_path / "metrics.toml"
    file.write_text("[eval]\nf1 = 0.4\n")
    assert gather_metadata(file, []) == {"eval": {"f1": 0.4}}


@pytest.mark.parametrize("content", ["[1, 2]", "{", "\xff"])
def test_a_file_that_holds_no_table_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(InvalidInput, match=r"metrics\.json"):
        gather_metadata(file, [])


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        gather_metadata(tmp_path / "none.toml", [])


@pytest.mark.parametrize("texts", [["a=1", "a.b=2"], ["a.b=2", "a=1"]])
def test_a_name_is_a_value_or_a_table(texts: list[str]) -> None:
    with pytest.raises(InvalidInput, match="both a value and a table"):
        gather_parameters(texts)


@pytest.mark.parametrize("text", ["accuracy", "=1", " =1"])
def test_an_invalid_assignment_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="NAME=VALUE"):
        gather_metadata(None, [text])


def test_data_is_named_with_its_digest() -> None:
    assert gather_data(["train=sha256:00ff", "test=md5:aa"]) == {"train": "sha256:00ff", "test": "md5:aa"}
    with pytest.raises(InvalidInput, match="needs a digest, not"):
        gather_data(["train=data.csv"])


def test_a_serving_block_comes_with_or_without_its_header(tmp_path: Path) -> None:
    for text in ('format = "onnx"\n', '[serving]\nformat = "onnx"\n'):
        file = tmp_path / "serving.toml"
        file.write_text(text)
        assert read_serving(file) == {"format": "onnx"}


YAML = "accuracy: 0.9\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.json", b'{"a": 1}'),
        ("x", b' {"a": 1}'),
        ("x.txt", b"a = 1"),
        ("x.toml", "a = 1".encode("utf-8-sig")),
        ("x.json", '{"a": 1}'.encode("utf-8-sig")),
        ("x.json", '{"a": 1}'.encode("utf-16")),
        ("x.toml", b"\xfe\xff" + "a = 1".encode("utf-16-be")),
        ("x", '{"a": 1}'.encode("utf-16")),
    ],
)
def test_toml_and_json_are_read_as_editors_and_shells_write_them(
    tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    assert gather_metadata(tmp_path / name, []) == {"a": 1}
    assert read_serving(tmp_path / name) == {"a": 1}


def test_a_pipe_and_standard_input_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text('{"a": 1}'))
    writer.start()
    assert gather_metadata(pipe, []) == {"a": 1}
    writer.join()
    with (tmp_path / "given").open("w+") as given:
        given.write("a = 1")
        given.seek(0)
        monkeypatch.setattr("sys.stdin", given)
        assert gather_metadata(Path("-"), []) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "data", "message", "hint"),
    [
        ("m.yaml", YAML.encode(), "metadata file '.*' is YAML", "write it as TOML or JSON"),
        ("m.YML", YAML.encode(), "metadata file '.*' is YAML", "write it as TOML or JSON"),
        ("m", YAML.encode(), "is not valid TOML: ", "write it as TOML or JSON, not YAML"),
        ("m.toml", YAML.encode(), "is not valid TOML: ", None),
        ("m", b"{a: 1}", "is not valid JSON: ", "write it as TOML or JSON, not YAML"),
        ("m.toml", b"\xff\xfex", "it is not UTF-8 text", None),
        ("m.json", b"a\xe9", "it is not UTF-8 text", None),
        ("m.json", b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is there twice", "leave one of them out"),
        ("m", b'{"a": 1, "a": 1}', "'a' is there twice", "leave one of them out"),
        ("m.toml", b"a." * 20_000 + b"a = 1", "has a key of more than 64 parts", None),
        ("m.toml", b"a = 1\na = 2", "Cannot overwrite a value", None),
        ("m.toml", b"[a]\nb = 1\n[a]\nb = 2", "Cannot declare", None),
    ],
)
def test_a_file_that_is_not_read_is_refused_plainly(
    tmp_path: Path, name: str, data: bytes, message: str, hint: str | None
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=message) as caught:
        gather_metadata(tmp_path / name, [])
    assert caught.value.hint == hint


def test_no_value_is_lost_to_another_of_its_name() -> None:
    for gather in (
        lambda: gather_metadata(None, ["a=x", "a=x"]),
        lambda: gather_metadata(None, ["x.a=1", "x.b=2", "x.a=3"]),
        lambda: gather_parameters(["a=1", "a=2"]),
        lambda: gather_data(["a=md5:1", "a=md5:2"]),
    ):
        with pytest.raises(InvalidInput, match=r"^'(x\.)?a' is given twice"):
            gather()
