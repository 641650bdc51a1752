"""A URL in place of a path: the error says how to download it."""

from pathlib import Path

import pytest

from regolo_git.artifacts.source.walk import status_of
from regolo_git.errors import InvalidInput, NotFound


@pytest.mark.parametrize(
    ("url", "step"),
    [
        ("hf://org/model", "hf download org/model --local-dir DIRECTORY"),
        ("https://example.com/m.onnx", "curl -fLO https://example.com/m.onnx"),
        ("s3://team/a b", "aws s3 cp --recursive 's3://team/a b' DIRECTORY"),
        (
            "models:/m/1",
            "mlflow artifacts download --artifact-uri models:/m/1 --dst-path DIRECTORY",
        ),
        ("gcs://x/y", "download it"),
    ],
)
def test_a_url_is_refused_with_the_command_that_downloads_it(url: str, step: str) -> None:
    with pytest.raises(InvalidInput, match="is a URL, and importing from one is not supported yet") as error:
        status_of(Path(url))
    assert error.value.message.startswith(f"'{url}'")
    assert error.value.hint == f"{step}   (then use what was downloaded as PATH)"


@pytest.mark.parametrize("path", ["c:/model.onnx", "a:b", "file:///a", "./model"])
def test_other_paths_are_not_there(path: str) -> None:
    with pytest.raises(NotFound, match="no such file or directory"):
        status_of(Path(path))


def test_a_file_may_have_the_name_of_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hf:").mkdir()
    Path("hf:/model").write_bytes(b"1")
    assert status_of(Path("hf://model")).st_size == 1
