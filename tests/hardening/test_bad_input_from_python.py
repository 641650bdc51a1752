"""What could hurt, mostly through the Python API: each has a clear error, and changes nothing at all.

`test_bad_input.py` has the command line, and what is found damaged.
"""

import os
import re
import socket
import subprocess
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from support.command_line import Command, Regolo
from support.everything import Everything
from support.git_program import git
from support.program import start_program

from regolo_git.api import Registry
from regolo_git.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    NotFound,
    RegoloError,
    RegoloNotice,
    VersionExists,
)

ONE_MEBIBYTE = 1 << 20


def refused(top: Path, error: type[RegoloError], words: str, **request: object) -> RegoloError:
    """Asks for a version of `m` that cannot be; sees that nothing is left of the attempt."""
    before = Everything.of(top)
    with Registry.open(top) as registry, pytest.raises(error, match=words) as caught:
        registry.create_model_version(**{"model_id": "m", "model_data": b"new", **request})  # type: ignore[arg-type]
    before.must_be(top, more_stored=True)
    return caught.value


# -- names, versions, metadata ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.1"])
def test_a_version_that_exists(top: Path, version: str) -> None:
    error = refused(top, VersionExists, "already exists", version=version)
    assert error.hint == "choose another, such as --version 1.2"


def test_the_same_content_again(top: Path, regolo: Regolo) -> None:
    before = Everything.of(top)
    asked = regolo("commit", "m", "model.safetensors", status=4)
    assert "has the same content as 'm@1.1'" in asked.err
    assert "--yes" in asked.err
    before.must_be(top, more_stored=True)
    with Registry.open(top) as registry, pytest.warns(RegoloNotice, match="same content"):
        registry.create_model_version("m", model_data=top / "model.safetensors")


@pytest.mark.parametrize(
    "name",
    ["..", "a/../b", "-rf", "a b", "Upper", "a@b", "a\x00b", "a\nb", "a\x1b[31m", "m.lock", "a/nul", "con", "",
     "/a", "a/", "a//b", ".git", "a/.b", "~", "a:b", "a\\b", "é", "a" * 300],
)  # fmt: skip
def test_a_name_that_could_hurt(top: Path, name: str) -> None:
    before = Everything.of(top)
    with Registry.open(top) as registry, pytest.raises(InvalidInput, match="name"):
        registry.register_model(name, model_data=b"new")
    before.must_be(top, more_stored=True)


@pytest.mark.parametrize(
    "version", ["", "1", "01.0", "1.0-", "1.0 ", "..", "-1.0", "1.0/..", "1.0\n", "9" * 400]
)
def test_a_version_that_is_not_one(top: Path, version: str) -> None:
    refused(top, InvalidInput, "version", version=version)


@pytest.mark.parametrize(
    "value",
    [None, object(), float("nan"), float("inf"), {1: 2}, {"a": None}, [1, "a", None], {"": {"": object()}}, b"bytes", 2**64, float],
)  # fmt: skip
def test_metadata_that_toml_cannot_hold(top: Path, value: object) -> None:
    refused(top, InvalidInput, "key|metadata", metadata={"key": value})


def test_metadata_that_toml_can_hold_comes_back(top: Path) -> None:
    given = {
        "when": date(2026, 1, 2),
        "nested": {"a b": [1, 2.5, "x"], "é\n": -0.0},
        "n": -(2**63),
    }
    with Registry.open(top) as registry:
        made = registry.create_model_version("m", model_data=b"new", metadata=given)
        assert registry.get_model_version("m", made.version).metadata == given


# -- what is to be stored ---------------------------------------------------------------------------------


def test_a_path_that_is_not_there(top: Path) -> None:
    refused(top, NotFound, "nowhere", model_data=top / "nowhere")


def test_an_empty_file_is_an_artifact(top: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with Registry.open(top) as registry:
        registry.create_model_version("m", "2.0", model_data=tmp_path / "empty")
        place = registry.checkout_model_version("m", "2.0", tmp_path / "there")
    assert place.read_bytes() == b""


def test_a_directory_with_what_cannot_be_stored(top: Path, tmp_path: Path) -> None:
    directory = tmp_path / "model"
    (directory / "real").mkdir(parents=True)
    (directory / "real" / "a").write_bytes(b"a")
    (directory / "linked").symlink_to("real")
    refused(top, InvalidInput, "linked", model_data=directory)
    (directory / "linked").unlink()
    (directory / "dangling").symlink_to("nothing")
    refused(top, RegoloError, "dangling", model_data=directory)
    (directory / "dangling").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(directory / "socket"))
        refused(top, InvalidInput, "socket", model_data=directory)
    (directory / "socket").unlink()
    os.mkfifo(directory / "pipe")
    refused(top, InvalidInput, "pipe", model_data=directory)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(top: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "secret").chmod(0)
    refused(top, InvalidInput, "secret", model_data=tmp_path / "secret")


def test_an_artifact_that_changes_while_it_is_read(top: Path, tmp_path: Path) -> None:
    path = tmp_path / "growing.bin"
    path.write_bytes(bytes(64 * ONE_MEBIBYTE))
    stop = threading.Event()

    def write() -> None:
        with path.open("r+b") as file:
            while not stop.is_set():
                file.seek(0)
                file.write(os.urandom(16))
                file.flush()
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        error = refused(top, Conflict, "growing.bin", model_data=path)
    finally:
        stop.set()
        writer.join()
    assert error.hint


@pytest.mark.parametrize("place", [".git/config", ".git/regolo/store/format.toml", ".", ".git"])
def test_an_artifact_that_is_git_itself(top: Path, place: str) -> None:
    refused(top, InvalidInput, "git|work tree", model_data=top / place)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xff\xff\xff\xff\xff\xff\x7f{}",
        (100).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,9999999]}}',
        (10**8).to_bytes(8, "little") + b"{",
        b"GGUF" + (3).to_bytes(4, "little") + (2**62).to_bytes(8, "little") * 2,
        b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + b"\xff" * 18,
    ],
    ids=[
        "header of 2^63",
        "tensor beyond the end",
        "header beyond the end",
        "2^62 tensors",
        "lying directory",
    ],
)
def test_a_wrong_header_is_plain_bytes(top: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with Registry.open(top) as registry:
        registry.create_model_version("m", "2.0", model_data=path)
        back = registry.checkout_model_version("m", "2.0", tmp_path / "back")
    assert back.read_bytes() == content


def test_a_disk_that_is_full(top: Path, command: Command) -> None:
    (top / "large.bin").write_bytes(os.urandom(4 * ONE_MEBIBYTE))
    before = Everything.of(top)
    done = command("commit", "m", "large.bin", status=6, before="ulimit -f 100")
    assert re.search(r"error: .*store", done.stderr)
    before.must_be(top, more_stored=True)
    command("commit", "m", "large.bin")


def test_a_file_system_that_is_full(top: Path, tmp_path: Path, regolo: Regolo) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small file system")
    try:
        regolo("config", "--local", "regolo.store", str(small / "store"))
        (top / "large.bin").write_bytes(os.urandom(8 * ONE_MEBIBYTE))
        before = Everything.of(top)
        assert "disk is full" in regolo("commit", "m", "large.bin", status=6).err
        before.must_be(top, more_stored=True)
        assert not list((small / "store" / "recipes").rglob("*.*"))
    finally:
        subprocess.run(["umount", small], check=True)


# -- what is to be brought back ---------------------------------------------------------------------------


def tag_by_hand(top: Path, regolo: Regolo, changes: dict[str, str]) -> None:
    """Commits a manifest that says something else, and tags it as the tool itself tags what was merged."""
    manifest = top / "models" / "m" / "manifest.toml"
    text = manifest.read_text().replace('version = "1.1"', 'version = "2.0"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    manifest.write_text(text)
    git(top, "commit", "-qam", "by hand")
    regolo("seal", "m", "--yes")
    regolo("tag", "--merged")


@pytest.mark.parametrize(
    "place", [".git/config", "a/.git/hooks/post-checkout", "../outside", "/etc/passwd", "a/../b", ".GIT/x"]
)
def test_a_manifest_that_points_into_git_or_outside(top: Path, place: str) -> None:
    manifest = top / "models" / "m" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('path = "model.safetensors"', f'path = "{place}"'))
    git(top, "commit", "-qam", "by hand")
    before = Everything.of(top)
    with Registry.open(top) as registry, pytest.raises(RegoloError, match=re.escape(place)):
        registry.create_model_version("m", model_data=b"new")
    before.must_be(top, more_stored=True)


def test_a_place_behind_a_linked_directory(top: Path, regolo: Regolo, tmp_path: Path) -> None:
    tag_by_hand(top, regolo, {'path = "model.safetensors"': 'path = "linked/model.safetensors"'})
    (tmp_path / "outside").mkdir()
    (top / "linked").symlink_to(tmp_path / "outside")
    before = Everything.of(top)
    assert "linked" in regolo("checkout", "m@2.0", status=4).err
    before.must_be(top, more_stored=True)
    assert not list((tmp_path / "outside").iterdir())


def test_a_place_with_a_tracked_file(top: Path, regolo: Regolo) -> None:
    (top / "train.py").write_text("print('hours of work')\n")
    git(top, "add", "train.py")
    git(top, "commit", "-qm", "code")
    tag_by_hand(top, regolo, {'path = "model.safetensors"': 'path = "train.py"'})
    before = Everything.of(top)
    assert "train.py" in regolo("checkout", "m@2.0", status=4).err
    before.must_be(top, more_stored=True)


@pytest.mark.parametrize("damage", ["changed", "short", "missing"])
def test_a_chunk_that_is_damaged_or_missing(top: Path, regolo: Regolo, damage: str) -> None:
    chunks = [path for path in (top / ".git/regolo/store/chunks").rglob("*") if path.is_file()]
    for chunk in chunks:
        content = bytearray(chunk.read_bytes())
        content[-1] ^= 1
        chunk.unlink()
        if damage != "missing":
            chunk.write_bytes(content if damage == "changed" else content[:-1])
    before = Everything.of(top)
    done = regolo("checkout", "m@1.0", status=3 if damage == "missing" else 5)
    assert "git regolo fsck" in done.err
    now = Everything.of(top)
    assert (now.refs, now.index, now.work_tree) == (before.refs, before.index, before.work_tree)


def test_a_recipe_that_does_not_rebuild_its_digest(top: Path, regolo: Regolo) -> None:
    one, two = (tag_digest(top, version) for version in ("1.0", "1.1"))
    manifest = top / "models" / "m" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace(two, one).replace('version = "1.1"', 'version = "2.0"'))
    git(top, "commit", "-qam", "by hand")
    regolo("seal", "m", "--yes")
    before = Everything.of(top)
    assert "rebuilds 'sha256:" in regolo("tag", "--merged", status=5).err
    before.must_be(top, more_stored=True)


def tag_digest(top: Path, version: str) -> str:
    return re.search(r"Regolo-Digest: (\S+)", git(top, "cat-file", "tag", f"m@v{version}"))[1]  # type: ignore[index]


# -- what another program, or another release of this one, wrote -------------------------------------------


@pytest.mark.parametrize("newer", ["format = 3", 'format = 2\nfeatures = ["delta"]'])
def test_a_newer_store(top: Path, regolo: Regolo, newer: str) -> None:
    place = top / ".git" / "regolo" / "store" / "format.toml"
    place.chmod(0o644)
    place.write_text(place.read_text().replace("format = 1", newer))
    before = Everything.of(top)
    for line in (["commit", "m", "model.safetensors", "--yes"], ["checkout", "m@1.0"], ["fsck"]):
        done = regolo(*line, status=5)
        assert "pip install --upgrade regolo-git" in done.err
    before.must_be(top, more_stored=True)


def test_a_newer_manifest(top: Path, regolo: Regolo) -> None:
    manifest = top / "models" / "m" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("format = 1", "format = 2"))
    git(top, "commit", "-qam", "by a newer release")
    before = Everything.of(top)
    done = regolo("commit", "m", "model.safetensors", "--yes", status=5)
    assert "pip install --upgrade regolo-git" in done.err
    regolo("checkout", "m@1.0")
    regolo("checkout", "m@1.1")
    before.must_be(top, more_stored=True)


def test_a_tag_whose_name_is_not_its_manifests(top: Path, regolo: Regolo) -> None:
    git(top, "update-ref", "refs/tags/m@v3.0", git(top, "rev-parse", "refs/tags/m@v1.0").strip())
    git(top, "tag", "m@v4.0")
    before = Everything.of(top)
    assert [line.split("\t")[0] for line in regolo("list", "m", "--plain").out.splitlines()] == [
        "1.1",
        "1.0",
    ]
    assert "m@v3.0" in regolo("fsck", status=5).out
    regolo("checkout", "m@3.0", status=3)
    before.must_be(top, more_stored=True)
    with Registry.open(top) as registry, pytest.raises(VersionExists):
        registry.create_model_version("m", "4.0", model_data=b"new")


def test_a_damaged_index_of_tags_is_made_anew(top: Path, regolo: Regolo) -> None:
    index = top / ".git" / "regolo" / "index.sqlite"
    for content in (b"no database", b"", index.read_bytes()[:4000]):
        index.write_bytes(content)
        assert len(regolo("list", "m", "--plain").out.splitlines()) == 2


def test_two_processes_that_create_the_same_version(top: Path) -> None:
    for name in ("a.bin", "b.bin"):
        (top / name).write_bytes(name.encode() * 100_000)
    before = git(top, "rev-parse", "main").strip()
    line = ["commit", "m", "--version", "2.0", "--json"]
    started = [start_program(top, *line, name) for name in ("a.bin", "b.bin")]
    said = [process.communicate(timeout=60) for process in started]
    assert sorted(process.returncode for process in started) == [0, 4]
    (loser,) = (errors for process, (_, errors) in zip(started, said, strict=True) if process.returncode)
    assert "version '2.0' of 'm' already exists" in loser
    assert git(top, "rev-list", "--count", f"{before}..main").strip() == "1"
    git(top, "fsck", "--strict")
    with Registry.open(top) as registry:
        winner = registry.checkout_model_version("m", "2.0")
        assert winner.name in {"a.bin", "b.bin"}


def test_nothing_of_an_error_is_on_stdout(top: Path, regolo: Regolo) -> None:
    for line in (["show", "n"], ["commit", "m", "nowhere"], ["checkout", "m@9.9"], ["list", "n", "--json"]):
        done = regolo(*line, status=3)
        assert done.out == ""
        assert done.err.startswith("error: ")


def test_an_unexpected_integrity_error_names_its_subject(top: Path) -> None:
    (top / "models" / "m" / "manifest.toml").write_text("format = [")
    git(top, "commit", "-qam", "by hand")
    error = refused(top, IntegrityError, "manifest")
    assert error.exit_code == 5
