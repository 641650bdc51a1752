"""What can be stored is looked at once; what cannot is refused by name, with nothing written."""

import io
import os
import socket
from pathlib import Path

import pytest
from support.local_store import stored_files

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.source.sources import open_source
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.store.store import Store


def refuse(store: Store, source: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        ingest(store, source)  # type: ignore[arg-type]
    assert stored_files(store, "recipes") == {}


def test_a_missing_path_is_not_found(store: Store, tmp_path: Path) -> None:
    refuse(store, tmp_path / "nothing", NotFound, "nothing")


def test_an_empty_directory_holds_no_artifact(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    refuse(store, tmp_path / "empty", InvalidInput, "empty")


def test_a_socket_is_refused_by_name(store: Store, model: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(model / "sock"))
        refuse(store, model, InvalidInput, "sock' is a socket")


def test_a_pipe_is_refused_by_name_and_not_opened(store: Store, model: Path) -> None:
    os.mkfifo(model / "tokenizer" / "pipe")
    refuse(store, model, InvalidInput, "pipe' is a pipe")
    refuse(store, model / "tokenizer" / "pipe", InvalidInput, "pipe' is a pipe")


def test_a_device_is_refused(store: Store) -> None:
    refuse(store, "/dev/null", InvalidInput, "'/dev/null' is a device")


def test_a_linked_directory_is_refused_by_name(store: Store, model: Path) -> None:
    (model / "loop").symlink_to(model)
    refuse(store, model, InvalidInput, "loop' is a link to a directory")


def test_a_link_to_nothing_is_refused_by_name(store: Store, model: Path) -> None:
    (model / "gone").symlink_to("nowhere")
    refuse(store, model, InvalidInput, "gone")
    refuse(store, model / "gone", InvalidInput, "gone")


def test_a_link_in_a_circle_is_refused_by_name(store: Store, model: Path) -> None:
    (model / "round").symlink_to("round")
    refuse(store, model, InvalidInput, "round")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_refused_by_name(store: Store, model: Path) -> None:
    (model / "config.json").chmod(0)
    refuse(store, model, InvalidInput, "config.json' cannot be read")


@pytest.mark.parametrize("name", [".GIT", "git~1", ".git "])
def test_a_git_directory_is_refused(store: Store, model: Path, name: str) -> None:
    (model / name).mkdir()
    (model / name / "config").write_text("[core]")
    refuse(store, model, InvalidInput, "points into '.git'")


@pytest.mark.parametrize("name", [b"new\nline", b"back\\slash", b"\xff", b"tab\t", b"\xc2\x9b"])
def test_a_name_that_a_digest_list_cannot_hold_is_refused(store: Store, model: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(model) + b"/" + name)).write_bytes(b"x")
    refuse(store, model, InvalidInput, "has a control character or a backslash, or is not valid UTF-8")


def test_links_to_files_are_followed(store: Store, model: Path) -> None:
    (model / "linked.txt").symlink_to(model / "config.json")
    stored = {file.path: file.digest for file in ingest(store, model).files}
    assert stored["linked.txt"] == stored["config.json"]


def test_a_link_to_an_artifact_is_followed(store: Store, model: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(model)
    assert ingest(store, tmp_path / "latest").artifact.digest == ingest(store, model).artifact.digest


def test_leftovers_of_a_killed_checkout_are_not_part_of_a_directory(store: Store, model: Path) -> None:
    before = ingest(store, model).artifact.digest
    (model / ".regolo-checkout-0011").mkdir()
    (model / ".regolo-checkout-0011" / "1").write_text("half")
    assert ingest(store, model).artifact.digest == before


@pytest.mark.parametrize(
    "make", [lambda data: data, bytearray, memoryview, io.BytesIO], ids=["bytes", "bytearray", "view", "file"]
)
def test_bytes_are_one_file(store: Store, make: object) -> None:
    data = b"content" * 1000
    result = ingest(store, make(data))  # type: ignore[operator]
    assert result.artifact.kind == "file"
    assert result.artifact.digest == ingest(store, data).artifact.digest
    assert result.artifact.size == 7000


def test_a_pipe_that_is_open_is_copied_first(store: Store) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"piped")
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert ingest(store, file).artifact.digest == ingest(store, b"piped").artifact.digest
    assert list(Path(store.url, "tmp").iterdir()) == []


def test_a_file_object_is_read_from_its_position(store: Store, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"0123456789")
    with (tmp_path / "data").open("rb") as file:
        file.seek(4)
        assert ingest(store, file).artifact.digest == ingest(store, b"456789").artifact.digest


def test_a_text_file_object_is_refused(store: Store) -> None:
    refuse(store, io.StringIO("text"), TypeError, "binary mode")


class Estimator:
    """Stands for a model of scikit-learn."""


Estimator.__module__ = "sklearn.linear_model"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Estimator(), "joblib.dump"),
        (3, "cannot store a builtins.int: save it to a file"),
        (None, "NoneType"),
        (["a"], "list"),
        ({"a": [1, 2]}, "'a' is a builtins.list, not an array"),
        ({1: b""}, "array names must be strings"),
    ],
)
def test_anything_else_is_refused_with_how_to_save_it(store: Store, source: object, text: str) -> None:
    refuse(store, source, TypeError, text)


@pytest.mark.parametrize("data", [b"12345", io.BytesIO(b"12345")])
def test_the_size_is_known_before_the_bytes_are_read(data: bytes | io.BytesIO) -> None:
    with open_source(data, scratch=None) as source:
        assert source.size == 5


def test_files_come_in_the_order_of_their_bytes(model: Path) -> None:
    for name in ("a-b", "a/b", "a0", "Z", "é"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_text(name)
    with open_source(model, scratch=None) as source:
        paths = [file.path for file in source.files]
    assert paths == sorted(paths, key=str.encode)
