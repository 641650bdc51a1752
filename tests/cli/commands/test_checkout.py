"""`git regolo checkout`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model

from regolo_git.text.sizes import size_text

PROGRAM = str(Path(sys.executable).with_name("git-regolo"))


def test_checkout_brings_the_bytes_back_and_prints_where(regolo: Regolo, two_versions: Path) -> None:
    newest = (two_versions / "model.safetensors").read_bytes()
    done = regolo("checkout", "m@1.0")
    assert done.out == f"{two_versions / 'model.safetensors'}\n"
    assert "checked out m@1.0" in done.err
    assert (two_versions / "model.safetensors").read_bytes() != newest
    regolo("checkout", "m@1.1")
    assert (two_versions / "model.safetensors").read_bytes() == newest


def test_a_second_checkout_has_nothing_to_do(regolo: Regolo, two_versions: Path) -> None:
    assert "already" in regolo("checkout", "m@1.1").err


def test_checkout_to_another_place(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    done = regolo("checkout", "m@1.0", str(tmp_path / "there.bin"), "--json")
    assert done.document[0]["path"] == str(tmp_path / "there.bin")
    assert (tmp_path / "there.bin").stat().st_size == done.document[0]["size"]


def test_the_destination_may_be_an_option(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.bin"
    assert regolo("checkout", "m@1.0", "-o", str(there)).out == f"{there}\n"
    assert "two destinations" in regolo("checkout", "m@1.0", "a", "--output", "b", status=2).err
    assert "--output requires a version" in regolo("checkout", "-o", "b", status=2).err


def test_checkout_of_some_files(regolo: Regolo, registry: Path, tmp_path: Path) -> None:
    (registry / "model").mkdir()
    for name in ("config.json", "tokenizer.json", "weights.bin"):
        (registry / "model" / name).write_text(name)
    regolo("register", "m", "model")
    regolo("checkout", "m", str(tmp_path / "some"), "--path", "tok*", "--path", "config.json")
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == ["config.json", "tokenizer.json"]


def test_files_of_no_version_stay_and_are_named(regolo: Regolo, registry: Path) -> None:
    (registry / "model").mkdir()
    (registry / "model" / "weights.bin").write_text("1")
    (registry / "model" / "run.trace").write_text("left out")
    regolo("register", "m", "model", "--exclude", "*.trace")
    assert "not part of" not in regolo("checkout", "m").err
    (registry / "model" / "notes.txt").write_text("mine")
    left = regolo("checkout", "m")
    assert f"note: not part of m@1.0, and left in '{registry / 'model'}': 'notes.txt'" in left.err
    assert regolo("checkout", "--json").document[0]["other_files"] == ["notes.txt"]
    assert "not part of" not in regolo("checkout", "m", "model", "--path", "*.bin").err
    assert (registry / "model" / "notes.txt").read_text() == "mine"


def test_after_a_git_checkout_ours_brings_the_bytes(regolo: Regolo, two_versions: Path) -> None:
    regolo("checkout", "m@1.1")  # so that this clone knows the file for its own
    newest = (two_versions / "model.safetensors").read_bytes()
    git(two_versions, "checkout", "-q", "m@v1.0")
    assert "checked out m@1.0" in regolo("checkout").err
    assert (two_versions / "model.safetensors").read_bytes() != newest


def test_work_that_no_version_has_is_kept(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / "model.safetensors").write_bytes(b"hours of work")
    regolo("checkout", "m@1.0", status=4)
    assert (two_versions / "model.safetensors").read_bytes() == b"hours of work"
    regolo("checkout", "m@1.0", "--force")


def test_a_clone_without_the_bytes_says_where_to_get_them(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", str(two_versions), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    for words in (("checkout", "m@1.0"), ("promote", "m@1.0", "staging"), ("revert", "m", "--to", "1.0")):
        refused = regolo(*words, status=3)
        assert "the bytes of 'm@1.0' are not in this clone's store" in refused.err
        assert "git regolo config --local regolo.store" in refused.err
    regolo("config", "--local", "regolo.store", str(two_versions / ".git" / "regolo" / "store"))
    regolo("checkout", "m@1.0")
    assert (tmp_path / "clone" / "model.safetensors").is_file()


def test_a_path_that_changes_its_kind_is_switched_both_ways(regolo: Regolo, registry: Path) -> None:
    place = registry / "model"
    place.mkdir()
    (place / "weights.bin").write_text("in a directory")
    regolo("register", "m", "model")
    (place / "weights.bin").unlink()
    place.rmdir()
    place.write_text("one file")
    regolo("commit", "m", "model")
    regolo("checkout", "m@1.0")
    assert (place / "weights.bin").read_text() == "in a directory"
    regolo("checkout", "m@1.1")
    assert place.read_text() == "one file"
    git(registry, "checkout", "-q", "m@v1.0")
    regolo("checkout")
    assert (place / "weights.bin").read_text() == "in a directory"
    (place / "notes").write_text("mine")
    assert "model/notes' matches no version" in regolo("checkout", "m@1.1", status=4).err
    regolo("checkout", "m@1.1", "--force")
    assert place.read_text() == "one file"


def test_a_device_is_never_replaced(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for options in ([], ["--force"]):
        refused = regolo("checkout", "m@1.0", str(tmp_path / "pipe"), *options, status=4)
        assert "pipe' is a pipe, which is never replaced" in refused.err
        assert "`-`" in refused.err
    assert (tmp_path / "pipe").is_fifo()
    assert "is a device" in regolo("checkout", "m@1.0", "/dev/null", "--force", status=4).err
    assert Path("/dev/null").is_char_device()


# -- streams and directories ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_file_is_written_to_standard_output(two_versions: Path, place: str) -> None:
    whole = (two_versions / "model.safetensors").read_bytes()
    done = subprocess.run(
        [PROGRAM, "checkout", "m@1.1", place], cwd=two_versions, capture_output=True, check=True
    )
    assert done.stdout == whole
    assert done.stderr == f"wrote m@1.1 ({size_text(len(whole))})\n".encode()
    with (two_versions / "out").open("ab") as out:  # a redirection that appends
        out.write(b"before")
        out.flush()
        subprocess.run([PROGRAM, "checkout", "m@1.1", place, "-q"], cwd=two_versions, stdout=out, check=True)
    assert (two_versions / "out").read_bytes() == b"before" + whole
    assert not (two_versions / "-").exists()


def test_another_descriptor_is_written_to(two_versions: Path) -> None:
    whole = (two_versions / "model.safetensors").read_bytes()
    command = (
        f"{PROGRAM} checkout m@1.1 /dev/fd/5 5>out && {PROGRAM} checkout m@1.1 >(cat > piped) && sleep 0.2"
    )
    subprocess.run(["bash", "-c", command], cwd=two_versions, check=True)
    assert (two_versions / "out").read_bytes() == whole
    refused = subprocess.run(
        [PROGRAM, "checkout", "m@1.1", "/dev/fd/77"], cwd=two_versions, capture_output=True, check=False
    )
    assert refused.returncode == 2
    assert b"descriptor 77 is not open" in refused.stderr


def test_one_file_of_a_directory_is_a_stream_and_more_are_refused(regolo: Regolo, registry: Path) -> None:
    (registry / "model").mkdir()
    for name in ("config.json", "tokenizer.json"):
        (registry / "model" / name).write_text(name)
    regolo("register", "m", "model")
    assert regolo("checkout", "m", "-", "--path", "config.json").out == "config.json"
    refused = regolo("checkout", "m", "-", status=2)
    assert "only one file can be written to a stream, not 2 files" in refused.err
    assert "--path FILE" in refused.err
    assert "--json cannot be used" in regolo("checkout", "m", "-", "--json", status=2).err
    regolo("checkout", "m", "./-")
    assert (registry / "-" / "config.json").exists()


def test_no_byte_of_a_damaged_chunk_reaches_a_stream(regolo: Regolo, two_versions: Path) -> None:
    for chunk in (two_versions / ".git/regolo/store/chunks").glob("*/*"):
        chunk.chmod(0o644)
        chunk.write_bytes(b"x" * chunk.stat().st_size)
    assert regolo("checkout", "m@1.0", "-", status=5).out == ""


def test_a_reader_that_leaves_ends_it_as_git_would(two_versions: Path) -> None:
    (two_versions / "large.bin").write_bytes(os.urandom(4_000_000))
    command = f"{PROGRAM} register big large.bin -q >&2 && {PROGRAM} checkout big - | head -c 10 | wc -c; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=two_versions, capture_output=True, check=False)
    assert (done.stdout.strip(), done.returncode) == (b"10", 141)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["new/", "new/deeper/", "new/."])
def test_a_destination_with_a_slash_is_a_directory(regolo: Regolo, two_versions: Path, place: str) -> None:
    done = regolo("checkout", "m@1.0", place, "-q")
    assert done.err == ""
    assert Path(done.out.strip()) == Path(place, "model.safetensors")
    assert Path(place, "model.safetensors").is_file()
    regolo("checkout", "m@1.1", place)
    (two_versions / "file").write_text("mine")
    assert "not a directory" in regolo("checkout", "m@1.0", "file/", "--force", status=4).err


def test_one_tensor_becomes_a_file(regolo: Regolo, registry: Path) -> None:
    top = registry / "encoder"
    write_model(top / "a.safetensors", 1.0, ("w", "b"))
    write_model(top / "b.safetensors", 2.0, ("w",))
    regolo("register", "encoder", str(top))
    done = regolo("checkout", "encoder@1.0", "w.safetensors", "--tensor", "w", "--path", "b.safetensors")
    assert done.lines == [str(registry / "w.safetensors")]
    assert list(load((registry / "w.safetensors").read_bytes())) == ["w"]
    there = regolo("checkout", "encoder", "w.safetensors", "--tensor", "b", status=4)
    assert "--force" in there.err
    regolo("checkout", "encoder", "w.safetensors", "--tensor", "b", "--force")
    assert list(load((registry / "w.safetensors").read_bytes())) == ["b"]
    regolo("checkout", "encoder", "new/", "--tensor", "b")
    assert (registry / "new" / "encoder.safetensors").is_file()


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["encoder", "x", "--tensor", "v"], 3, "no tensor in the version matches 'v'"),
        (["encoder", "--tensor", "layer.weight"], 2, "--tensor requires a destination"),
        (["--tensor", "layer.weight"], 2, "--tensor requires a version"),
        (["encoder", ".git/x", "--tensor", "layer.weight"], 2, "inside the repository's own directory"),
        (["encoder", "models/x/manifest.toml", "--tensor", "layer.weight"], 2, "manifest.toml"),
        (["encoder", "x", "--tensor", "layer.weight", "--path", "*"], 2, "is a single file"),
    ],
)
def test_a_tensor_that_cannot_be_written_is_refused(
    regolo: Regolo, registry: Path, arguments: list[str], status: int, text: str
) -> None:
    write_model(registry / "encoder.safetensors")
    regolo("register", "encoder", "encoder.safetensors")
    assert text in regolo("checkout", *arguments, status=status).err
    assert not (registry / "x").exists()


def test_a_tensor_is_written_to_standard_output(registry: Path, regolo: Regolo) -> None:
    write_model(registry / "encoder.safetensors", 3.0, ("a", "b"))
    regolo("register", "encoder", "encoder.safetensors")
    command = [PROGRAM, "checkout", "encoder", "-", "--tensor", "b"]
    done = subprocess.run(command, cwd=registry, capture_output=True, check=True)
    assert load(done.stdout)["b"].tolist() == [[3.0] * 8] * 8
