"""Digests are what the usual programs print."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from blake3 import blake3

from regolo_git.errors import InvalidInput
from regolo_git.records.digests import Digest, artifact_digest, blake3_hex, directory_digest, new_hasher

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize("algorithm", ["sha256", "blake3"])
def test_a_digest_reads_back(algorithm: str) -> None:
    digest = Digest.parse(f"{algorithm}:{HEX}")
    assert (digest.algorithm, digest.hex, str(digest)) == (algorithm, HEX, f"{algorithm}:{HEX}")


@pytest.mark.parametrize(
    "text", ["", HEX, f"md5:{HEX}", f"sha256:{HEX[1:]}", f"sha256:{HEX}0", f"sha256:{HEX.upper()}", f"sha256{HEX}",
             f"sha256:{HEX}\n", f":{HEX}"],
)  # fmt: skip
def test_any_other_text_is_not_a_digest(text: str) -> None:
    with pytest.raises(InvalidInput, match="digest"):
        Digest.parse(text)


def test_hashers_are_the_known_ones() -> None:
    for algorithm, wanted in (("sha256", hashlib.sha256(b"abc")), ("blake3", blake3(b"abc"))):
        hasher = new_hasher(algorithm)  # type: ignore[arg-type]
        hasher.update(b"a")
        hasher.update(b"bc")
        assert hasher.hexdigest() == wanted.hexdigest()
    assert blake3_hex(b"abc") == blake3(b"abc").hexdigest()


def test_a_directory_has_the_digest_that_a_shell_computes(tmp_path: Path) -> None:
    for name in ("b", "a/é", "a-b", "a/z", "Z"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    line = r"find -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    told = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    files = {
        path.relative_to(tmp_path).as_posix(): Digest("sha256", hashlib.sha256(path.read_bytes()).hexdigest())
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert artifact_digest("sha256", files).hex == told.split()[0]
    assert artifact_digest("blake3", files).algorithm == "blake3"


def test_a_single_file_has_its_own_digest() -> None:
    digest = Digest("sha256", HEX)
    assert artifact_digest("sha256", {"": digest}) == digest
    assert directory_digest("sha256", [("", HEX)]) != digest
