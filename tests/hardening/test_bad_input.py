"""What could hurt, through the command line: refused byte for byte, and with a hint.

A refusal is checked in `refusals.py`: nothing on stdout, one error, a hint whose command exists, and the same
bytes in refs, index, settings, work tree and store as before.
"""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.everything import Everything
from support.git_program import git
from support.model_files import write_model
from support.program import Done, run_program, start_program
from support.refusals import refusal, refuse

from regolo_git.api import Registry
from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import Conflict, IntegrityError
from regolo_git.records.digests import Digest, blake3_hex
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.create import create_version
from regolo_git.registry.versions.request import VersionRequest

pytestmark = pytest.mark.slow  # CI runs it, too

ONE_MEBIBYTE = 1 << 20
NAMES = [
    "..",
    "a/../b",
    "a b",
    "Upper",
    "a\x07b",
    "a\nb",
    "m.lock",
    "a/nul",
    "",
    "/a",
    "a/",
    ".git",
    "~",
    "é",
]


# -- names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_no_command_takes_a_name_that_could_hurt(top: Path, regolo: Regolo, name: str) -> None:
    before = Everything.of(top)
    for line in (
        ["register", name, "model.safetensors"],
        ["commit", name, "model.safetensors"],
        ["list", name],
        ["log", name],
        ["show", f"{name}@1.0"],
        ["checkout", f"{name}@1.0"],
        ["revert", name, "--to", "1.0"],
        ["retire", f"{name}@1.0", "-m", "x", "--yes"],
        ["promote", f"{name}@1.0", "staging"],
        ["promote", "m@1.0", name],
        ["endpoint", "create", name or "x y", "m@1.0"],
        ["traffic", name, "1.0=100"],
        ["rollback", name],
    ):
        # What has `..` in it is a range of commits there, and this clone has none of that name.
        status = 3 if line[1] == "a/../b" and line[0] in ("list", "log") else 2
        said = refusal(regolo(*line, status=status).err)
        assert said.hint, line
    before.must_be(top)


@pytest.mark.parametrize("name", ["-rf", "--force"])
def test_a_name_with_a_hyphen_in_front_is_a_name_only_behind_two_of_them(
    top: Path, regolo: Regolo, name: str
) -> None:
    refuse(regolo, top, 2, "no such option|model name", ["register", name, "model.safetensors"])
    refuse(regolo, top, 2, "model name", ["register", "--", name, "model.safetensors"])


# -- what is there already --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.1", "1.1+build.7"])
def test_a_version_that_exists(top: Path, regolo: Regolo, version: str) -> None:
    said = refuse(
        regolo, top, 4, "already exists", ["commit", "m", "model.safetensors", "--version", version]
    )
    assert said.hint
    assert "1.2" in said.hint


def test_a_model_that_exists(top: Path, regolo: Regolo) -> None:
    said = refuse(regolo, top, 4, "'m' already exists", ["register", "m", "code.py"])
    assert said.hint == "git regolo commit m code.py"


def test_the_same_content_again_is_asked_about_with_the_line_that_does_it(top: Path, regolo: Regolo) -> None:
    said = refuse(regolo, top, 4, "same content", ["commit", "m", "model.safetensors"])
    assert said.hint == "git regolo commit m model.safetensors --yes"
    regolo("commit", "m", "model.safetensors", "--yes")


# -- metadata ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"a": 1e999}', '{"a": [1, null]}', '{"a": 99999999999999999999}',
     '{"a": "\\ud800"}', "[1]", '{"a":', "", '{"a": ' + "[" * 5000 + "]" * 5000 + "}"],
)  # fmt: skip
def test_a_file_of_metadata_that_toml_cannot_hold(
    top: Path, regolo: Regolo, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "metadata.json"
    path.write_text(text)
    refuse(regolo, top, 2, "metadata|'a", ["commit", "m", "code.py", "--metadata", str(path)])


@pytest.mark.parametrize("pair", ["a=nan", "a=inf", "a=", "=1", "a", "a=1=2", "a.=1"])
def test_a_metric_that_is_not_one(top: Path, regolo: Regolo, pair: str) -> None:
    refuse(regolo, top, 2, "", ["commit", "m", "code.py", "--metric", pair])


# -- artifacts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["nowhere", "nowhere/at/all", "code.py/below", "x" * 300, "a\x1b[31mb"])
def test_a_path_that_is_not_there(top: Path, regolo: Regolo, path: str) -> None:
    for line in (["register", "n", path], ["commit", "m", path]):
        refuse(regolo, top, 2 if len(path) == 300 else 3, "no such file or directory: |cannot be read", line)


def dangling(place: Path) -> None:
    place.symlink_to("nothing")


def circle(place: Path) -> None:
    place.symlink_to(place.name)


def linked_directory(place: Path) -> None:
    place.symlink_to("/usr")


def listening_socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        os.chdir(place.parent)  # the address of a socket is short
        opened.bind(place.name)


def device(place: Path) -> None:
    place.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [dangling, circle, linked_directory, listening_socket, os.mkfifo, device])
def test_a_special_file_is_named_wherever_it_is(
    top: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    (top / "odd").mkdir()
    (top / "odd" / "a").write_bytes(b"a")
    monkeypatch.chdir(top)  # and back, afterwards
    make(top / "odd" / "thing")
    os.chdir(top)
    refuse(regolo, top, 2, "thing", ["commit", "d", "odd"])
    if make is not linked_directory:
        refuse(regolo, top, 2, "thing", ["commit", "m", "odd/thing"])


def without_privileges(top: Path, *arguments: str) -> Done:
    """The command line as a user who may not read everything, even where the tests run as root."""
    if os.geteuid() != 0:
        return run_program(top, *arguments)
    if not shutil.which("setpriv"):
        pytest.skip("root reads everything, and there is no setpriv to change that")
    return run_program(top, *arguments, under=["setpriv", "--bounding-set", "-dac_override,-dac_read_search"])


@pytest.mark.parametrize("secret", ["secret", "inside/secret", "inside"])
def test_an_unreadable_file_is_named_with_the_remedy(top: Path, secret: str) -> None:
    (top / "odd" / "inside").mkdir(parents=True)
    (top / "odd" / "a").write_bytes(b"a")
    (top / "odd" / "secret").write_bytes(b"x")
    (top / "odd" / "inside" / "secret").write_bytes(b"x")
    before = Everything.of(top)
    (top / "odd" / secret).chmod(0)
    done = without_privileges(top, "commit", "d", "odd")
    assert done.returncode == 2, done.stderr
    said = refusal(done.stderr)
    assert secret in said.message
    assert said.hint
    (top / "odd" / secret).chmod(before.work_tree.get(f"odd/{secret}", (0o755, b""))[0] & 0o777)
    before.must_be(top)


def create(top: Path, model: str, source: ArtifactSource, progress: Callable[..., None]) -> None:
    with closing(Handle.open(top, {})) as handle:
        request = VersionRequest(model=model, source=source, new_model=False)
        create_version(handle, request, on_same_content=lambda _: None, on_progress=progress)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 5 * ONE_MEBIBYTE)


def write_and_set_back_the_time(path: Path) -> None:
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.rename(path)


def vanish(path: Path) -> None:
    path.unlink()


def become_executable(path: Path) -> None:
    path.chmod(0o755)


def gain_a_neighbour(path: Path) -> None:
    (path.parent / "neighbour").write_bytes(b"x")


CHANGES = [grow, shrink, write_and_set_back_the_time, replace, vanish, become_executable]


@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("change", [*CHANGES, gain_a_neighbour])
def test_an_artifact_that_changes_while_it_is_read(
    top: Path, change: Callable[[Path], None], kind: str
) -> None:
    if kind == "file" and change is gain_a_neighbour:
        return  # what lies beside a file is no part of it
    directory = top / "growing"
    directory.mkdir()
    path = directory / "weights.bin"
    path.write_bytes(os.urandom(12 * ONE_MEBIBYTE))
    before = Everything.of(top)
    seen: list[int] = []

    def progress(done: int, *_: int) -> None:
        if not seen:
            change(path)
        seen.append(done)

    with pytest.raises(Conflict, match=r"growing.* changed while it was being read") as caught:
        create(top, "m" if kind == "file" else "d", path if kind == "file" else directory, progress)
    assert caught.value.hint == "wait until nothing writes to it, then try again"
    assert seen
    shutil.rmtree(directory)
    now = Everything.of(top)
    kept = {name: held for name, held in before.work_tree.items() if not name.startswith("growing")}
    assert (now.refs, now.index, now.settings, now.recipes) == (
        before.refs,
        before.index,
        before.settings,
        before.recipes,
    )
    assert now.work_tree == kept
    assert not any(name.startswith("tmp/") for name in now.chunks)


def test_an_empty_file_and_an_empty_directory(top: Path, regolo: Regolo, tmp_path: Path) -> None:
    (top / "empty").touch()
    (top / "hollow" / "inside").mkdir(parents=True)
    refuse(regolo, top, 2, "contains no files", ["commit", "d", "hollow"])
    regolo("commit", "m", "empty", "--version", "2.0")
    regolo("checkout", "m@2.0", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == b""
    assert "0" in regolo("list", "m", "--plain").out
    regolo("fsck", "--full")


@pytest.mark.parametrize("place", [".git", ".git/config", ".git/hooks", ".", ".git/regolo/store"])
def test_git_itself_is_not_an_artifact(top: Path, regolo: Regolo, place: str) -> None:
    refuse(regolo, top, 2, "git|whole work tree", ["register", "n", place])


# -- destinations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", [".git/hooks/pre-commit", ".git/config", ".git", "sub/.GIT/x", "link/hooks/pre-commit"]
)
def test_a_destination_inside_git(top: Path, regolo: Regolo, place: str) -> None:
    (top / "link").symlink_to(".git")
    refuse(regolo, top, 2, r"\.git", ["checkout", "m@1.0", place, "--force"])


def test_a_destination_with_a_tracked_file(top: Path, regolo: Regolo) -> None:
    said = refuse(regolo, top, 4, "code.py", ["checkout", "m@1.0", "code.py"])
    assert said.hint
    assert "--force" in said.hint


def test_a_destination_with_unknown_work(top: Path, regolo: Regolo) -> None:
    (top / "model.safetensors").write_bytes(b"three days of training, not committed yet")
    (top / "words" / "b").write_text("edited by hand\n")
    refuse(regolo, top, 4, "its content matches no version", ["checkout", "m@1.0"])
    refuse(regolo, top, 4, "words/b", ["checkout", "d@1.0"])


def test_a_directory_in_the_place_of_a_file(top: Path, regolo: Regolo) -> None:
    (top / "model.safetensors").unlink()
    (top / "model.safetensors" / "inside").mkdir(parents=True)
    (top / "model.safetensors" / "inside" / "x").write_bytes(b"x")
    said = refuse(regolo, top, 4, "is a directory", ["checkout", "m@1.0"])
    assert said.hint
    assert "--force" in said.hint
    os.mkfifo(top / "model.safetensors" / "inside" / "pipe")
    refuse(regolo, top, 4, "is a pipe, which is never replaced", ["checkout", "m@1.0", "--force"])


# -- a disk that is full ----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 3 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk: Path) -> Path:
    """Takes all that is left of a disk, but for a page or two."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(max(free - 8192, 0)))
    return ballast


def test_a_checkout_to_a_disk_that_is_full(
    top: Path, regolo: Regolo, small_disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(6 * ONE_MEBIBYTE))
    regolo("commit", "m", str(tmp_path / "large"), "--version", "2.0")
    (small_disk / "kept").write_bytes(b"kept")
    said = refuse(regolo, top, 6, "disk is full", ["checkout", "m@2.0", str(small_disk / "model")])
    assert said.hint
    assert [path.name for path in small_disk.iterdir()] == ["kept"]


def test_a_disk_without_a_byte_left_gets_nothing(
    top: Path, small_disk: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = small_disk / "registry"
    shutil.copytree(top, place, symlinks=True)
    with (small_disk / "ballast").open("wb", 0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))
    with monkeypatch.context() as inside:
        inside.chdir(place)
        for line in (
            ["checkout", "m@1.0", "out"],
            ["checkout", "d@1.0", "words"],
            ["revert", "m", "--to", "1.0"],
        ):
            refuse(regolo, place, 6, "disk is full", line)


def test_a_repository_on_a_disk_that_is_full(
    top: Path, small_disk: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = small_disk / "registry"
    shutil.copytree(top, place, symlinks=True)
    write_model(place / "model.safetensors", 7)
    ballast = fill(small_disk)
    before = Everything.of(place)
    for line in (
        ["commit", "m", "model.safetensors"],
        ["register", "n", "model.safetensors"],
        ["commit", "m", "model.safetensors", "--propose"],
        ["revert", "m", "--to", "1.0"],
        ["retire", "m@1.0", "-m", "wrong", "--yes"],
        ["promote", "m@1.0", "staging"],
    ):
        done = run_program(place, *line)
        if done.returncode:
            assert re.search("disk is full", refusal(done.stderr).message), done.stderr
            before.must_be(place, more_stored=True)
        else:
            before = Everything.of(place)  # it did fit
    ballast.unlink()
    with monkeypatch.context() as inside:
        inside.chdir(place)
        regolo("commit", "m", "model.safetensors", "--yes")
        regolo("fsck", "--full")
    git(place, "fsck", "--strict")


# -- headers that lie -------------------------------------------------------------------------------------

LYING = {
    "safetensors": (2**40).to_bytes(8, "little") + b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
    "gguf": b"GGUF" + (3).to_bytes(4, "little") + (2**60).to_bytes(8, "little") * 2 + b"\xff" * 64,
    "zip": b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(8) + b"\xff" * 12,
}
WITHIN = 400 * ONE_MEBIBYTE


@pytest.mark.parametrize("kind", LYING)
def test_a_large_file_with_a_lying_header_is_stored_in_bounded_memory(
    top: Path, kind: str, tmp_path: Path
) -> None:
    path = top / f"large.{kind}"
    path.write_bytes(LYING[kind])
    os.truncate(path, 64 * ONE_MEBIBYTE)  # zeros that take no room
    for line in (
        ["commit", "m", path.name, "--json"],
        ["checkout", "m@1.2", str(tmp_path / "back")],
    ):
        done = run_program(top, *line, under=["prlimit", f"--data={WITHIN}"])
        assert done.returncode == 0, done.stderr
    assert subprocess.run(["cmp", path, tmp_path / "back"], check=False).returncode == 0
    with Registry.open(top) as registry:
        assert registry.get_model_version("m", "1.2").size_bytes == 64 * ONE_MEBIBYTE


# -- stores that are damaged or forged --------------------------------------------------------------------


def damage_chunks(top: Path, how: str) -> None:
    for chunk in (top / ".git/regolo/store/chunks").rglob("*"):
        if chunk.is_file():
            content = chunk.read_bytes()
            chunk.unlink()
            if how != "missing":
                chunk.write_bytes(content[:-1] + (bytes([content[-1] ^ 1]) if how == "changed" else b""))


@pytest.mark.parametrize("how", ["changed", "short", "missing"])
def test_damaged_bytes_are_never_returned(top: Path, regolo: Regolo, tmp_path: Path, how: str) -> None:
    damage_chunks(top, how)
    before = Everything.of(top)
    for line in (
        ["checkout", "m@1.0"],
        ["checkout", "d@1.0"],
        ["checkout", "m@1.0", str(tmp_path / "out")],
        ["checkout", "d@1.0", str(tmp_path / "out2"), "--force"],
    ):
        done = regolo(*line, status=(3,) if how == "missing" else (3, 5))
        # A damaged chunk is moved aside by who finds it, so the next one finds it missing.
        assert refusal(done.err).hint == "git regolo fsck"
    done = regolo("fsck", "--full", status=5)
    for name in ("m@1.0", "m@1.1", "d@1.0", "d@1.1"):
        assert name in done.out
    now = Everything.of(top)
    assert (now.refs, now.index, now.settings, now.work_tree, now.recipes) == (
        before.refs,
        before.index,
        before.settings,
        before.work_tree,
        before.recipes,
    )
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out2").exists()


def test_the_same_bytes_again_mend_a_damaged_store(top: Path, regolo: Regolo, tmp_path: Path) -> None:
    content = (top / "model.safetensors").read_bytes()
    damage_chunks(top, "changed")
    regolo("fsck", "--full", status=5)
    (tmp_path / "copy").write_bytes(content)
    regolo("commit", "m", str(tmp_path / "copy"), "--yes")
    regolo("checkout", "m@1.1", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content


Forgery = Callable[[Recipe], Recipe]


def others_bytes(recipe: Recipe) -> Recipe:
    """Says the digest that was asked for, and rebuilds something else of the same length."""
    data = bytes(recipe.size)
    return Recipe(recipe.kind, recipe.files, (), (RecipeChunk(blake3_hex(data), len(data)),))


def outside(recipe: Recipe) -> Recipe:
    (file,) = recipe.files
    return Recipe("directory", (RecipeFile("../outside", 0o644, file.size, file.digest),), (), recipe.chunks)


def into_git(recipe: Recipe) -> Recipe:
    (file,) = recipe.files
    path = "sub/.git/hooks/post-checkout"
    return Recipe("directory", (RecipeFile(path, 0o755, file.size, file.digest),), (), recipe.chunks)


def endless(recipe: Recipe) -> Recipe:
    (file,) = recipe.files
    chunks = tuple(RecipeChunk(recipe.chunks[0].blake3, 2**62) for _ in range(2))
    return Recipe("file", (RecipeFile("", 0o644, 2**63 - 1, file.digest),), (), chunks)


def set_uid(recipe: Recipe) -> Recipe:
    (file,) = recipe.files
    return Recipe("file", (RecipeFile("", 0o4755, file.size, file.digest),), (), recipe.chunks)


def forge(top: Path, change: Forgery) -> None:
    """Version 2.0 on the branch with a recipe of somebody's own making, and all chunks that it names."""
    with closing(Handle.open(top, {})) as handle:
        manifest = top / "models" / "m" / "manifest.toml"
        text = manifest.read_text()
        address = re.search(r'recipe = "(\S+)"', text)[1]  # type: ignore[index]
        forged = change(handle.store.read_recipe(Digest.parse(address)))
        data = forged.to_bytes()
        place = top / ".git/regolo/store/recipes" / blake3_hex(data)[:2] / blake3_hex(data)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        zeros = bytes(sum(file.size for file in forged.files) % 2**20)
        handle.store.put_chunk(blake3_hex(zeros), zeros)
        text = text.replace(address, f"blake3:{blake3_hex(data)}").replace(
            'version = "1.1"', 'version = "2.0"'
        )
        manifest.write_text(text)
    git(top, "commit", "-qam", "forged")


@pytest.mark.parametrize("change", [others_bytes, outside, into_git, endless, set_uid])
def test_a_recipe_of_somebodys_own_making(top: Path, regolo: Regolo, change: Forgery) -> None:
    (top / "model.safetensors").unlink()
    forge(top, change)
    said = refuse(regolo, top, 5, "", ["tag", "--merged"])
    assert said.hint
    # Somebody tags it by hand, trailers and all.
    message = git(top, "cat-file", "tag", "m@v1.1").split("\n\n", 1)[1]
    oid = git(top, "rev-parse", "HEAD:models/m/manifest.toml").strip()
    message = re.sub("Regolo-Manifest: .*", f"Regolo-Manifest: {oid}", message).replace("1.1", "2.0")
    git(top, "tag", "-a", "m@v2.0", "-m", message)
    for line in (["checkout", "m@2.0"], ["checkout", "m@2.0", "elsewhere"], ["checkout", "m@2.0", "--force"]):
        refuse(regolo, top, 5, "", line)
    assert "m@2.0" in regolo("fsck", "--full", status=5).out
    assert not (top.parent / "outside").exists()


# -- other releases ---------------------------------------------------------------------------------------


def newer(top: Path, path: str) -> None:
    place = top / path
    place.write_text(re.sub(r"^format = 1$", "format = 2", place.read_text(), flags=re.MULTILINE))
    git(top, "commit", "-qam", "by a newer release")


@pytest.fixture
def in_use(top: Path, regolo: Regolo) -> Path:
    """The registry with every kind of record."""
    regolo("promote", "m@1.0", "staging")
    regolo("endpoint", "create", "e", "m@1.0")
    regolo("retire", "d@1.0", "-m", "wrong data", "--yes")
    return top


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("models/m/manifest.toml", ["commit", "m", "code.py"]),
        ("models/m/manifest.toml", ["tag", "--merged"]),
        ("models/m/model.toml", ["commit", "m", "code.py"]),
        ("models/d/retired.toml", ["retire", "d@1.1", "-m", "x", "--yes"]),
        ("models/d/retired.toml", ["revert", "d", "--to", "1.0"]),
        ("environments/staging/m.toml", ["promote", "m@1.1", "staging"]),
        ("environments/staging/m.toml", ["checkout", "m@staging"]),
        ("endpoints/e.toml", ["traffic", "e", "1.0=90", "1.1=10"]),
        ("endpoints/e.toml", ["endpoint", "delete", "e", "--yes"]),
        ("endpoints/e.toml", ["retire", "m@1.1", "-m", "x", "--yes"]),
        (".regolo/config.toml", ["commit", "m", "code.py"]),
        (".regolo/config.toml", ["promote", "m@1.1", "staging"]),
    ],
)
def test_a_record_of_a_newer_release(in_use: Path, regolo: Regolo, path: str, line: list[str]) -> None:
    newer(in_use, path)
    said = refuse(regolo, in_use, 5, "format 2, which is newer than this release", line)
    assert said.hint == "pip install --upgrade regolo-git"


def test_a_recipe_of_a_newer_release(top: Path, regolo: Regolo) -> None:
    def next_format(data: bytes) -> bytes:
        return json.dumps({**json.loads(data), "format": 2}, sort_keys=True, separators=(",", ":")).encode()

    store = top / ".git/regolo/store/recipes"
    (old,) = [path for path in store.rglob("*") if path.is_file() and b'"kind":"file"' in path.read_bytes()][
        :1
    ]
    data = next_format(old.read_bytes())
    place = store / blake3_hex(data)[:2] / blake3_hex(data)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(data)
    with (
        closing(Handle.open(top, {})) as handle,
        pytest.raises(IntegrityError, match="format 2") as caught,
    ):
        handle.store.read_recipe(Digest("blake3", blake3_hex(data)))
    assert caught.value.hint == "pip install --upgrade regolo-git"


@pytest.mark.parametrize("content", ["", "format = ", "format = 0\n", "nothing = 1\n", "\x00" * 100])
def test_a_store_whose_format_cannot_be_read(top: Path, regolo: Regolo, content: str) -> None:
    place = top / ".git/regolo/store/format.toml"
    place.chmod(0o644)
    place.write_text(content)
    (top / "new").write_bytes(b"new")
    for line in (["commit", "m", "new"], ["checkout", "m@1.0"]):
        refuse(regolo, top, 5, "store", line)


# -- tags -------------------------------------------------------------------------------------------------


def annotated(top: Path, name: str, **changes: str) -> None:
    """Makes a tag whose message is that of `m@v1.0` with some trailers changed."""
    message = git(top, "cat-file", "tag", "m@v1.0").split("\n\n", 1)[1]
    for key, value in changes.items():
        message = re.sub(f"(?m)^Regolo-{key.title()}: .*$", f"Regolo-{key.title()}: {value}", message)
    git(top, "tag", "-f", "-a", name, "-m", message, "m@v1.0^{}")


def test_a_tag_that_names_a_manifest_which_is_not_in_its_commit(top: Path, regolo: Regolo) -> None:
    unreviewed = (top / "models/m/manifest.toml").read_text().replace('version = "1.1"', 'version = "1.0"')
    (top / "unreviewed").write_text(unreviewed)
    oid = git(top, "hash-object", "-w", "unreviewed").strip()
    digest = re.search(r'digest = "(\S+)"', unreviewed)[1]  # type: ignore[index]
    annotated(top, "m@v1.0", manifest=oid, digest=digest)
    for line in (
        ["checkout", "m@1.0"],
        ["checkout", "m@1.0", "elsewhere"],
        ["revert", "m", "--to", "1.0"],
        ["promote", "m@1.0", "staging"],
        ["commit", "m", "--from", "1.0", "--version", "2.0"],
    ):
        said = refuse(regolo, top, 5, "m@v1.0", line)
        assert said.hint == "git regolo fsck"
    assert "m@v1.0" in regolo("fsck", status=5).out


def test_a_tag_that_was_moved_to_another_version(top: Path, regolo: Regolo) -> None:
    git(top, "update-ref", "refs/tags/m@v1.0", git(top, "rev-parse", "m@v1.1").strip())
    done = regolo("fsck", status=5)
    assert "m@v1.0" in done.out
    refuse(regolo, top, 3, "1.0", ["checkout", "m@1.0"])


# -- two at once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["register", "commit"])
def test_processes_that_make_the_same_version_have_one_winner(top: Path, verb: str) -> None:
    for number in range(3):
        (top / f"{number}.bin").write_bytes(os.urandom(ONE_MEBIBYTE))
    line = [verb, "n" if verb == "register" else "m", "--version", "2.0"]
    started = [start_program(top, *line, f"{n}.bin") for n in range(3)]
    said = [process.communicate(timeout=60) for process in started]
    assert sorted(process.returncode for process in started) == [0, 4, 4]
    for process, (_, stderr) in zip(started, said, strict=True):
        if process.returncode:
            assert "already exists" in refusal(stderr).message
    commits = git(top, "log", "--format=%s", "main").split("\n")
    assert len([subject for subject in commits if "@2.0" in subject]) == 1
    assert git(top, "fsck", "--strict", "--no-dangling") == ""
    assert git(top, "diff", "--cached", "--name-only") == ""
    with Registry.open(top) as registry:
        registry.checkout_model_version("n" if verb == "register" else "m", "2.0", top / "back")
