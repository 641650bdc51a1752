"""A path that is a file in one version and a directory in another, and what is never replaced."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.artifact_files import tree_of

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.artifacts.restore.planner import NOTHING, Overwrite
from regolo_git.artifacts.restore.replacement import Replacement
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.errors import Conflict, TransportError
from regolo_git.records.manifest import Artifact
from regolo_git.store.store import Store

FORCE = Overwrite(anything=True)
Layout = dict[str, str] | str


def lay(place: Path, layout: Layout) -> None:
    """Writes a file, or a directory with these files, in place of what is there."""
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    if isinstance(layout, str):
        place.write_text(layout)
        return
    for name, text in layout.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)


def seen(place: Path) -> Layout:
    if place.is_file():
        return place.read_text()
    return {name: content.decode() for name, content in tree_of(place).items()}


SWITCHES: dict[str, tuple[Layout, Layout]] = {
    "whole": ("one file", {"a": "1", "deep/er/b": "2"}),
    "nested": ({"a": "a file", "z": "z"}, {"a/b": "in a", "a/c/d": "deeper", "z": "z"}),
    "deep": ({"x/y/z": "a file", "k": "k"}, {"x/y/z/w": "below", "k": "other"}),
    "several": ({"a": "a", "b/c": "c"}, {"a/c": "c", "b": "b"}),
    "the same bytes": ("same", {"same": "same"}),
}


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("name", SWITCHES)
def test_versions_of_two_kinds_are_switched(
    store: Store, cache: StatCache, tmp_path: Path, name: str, back: bool
) -> None:
    place = tmp_path / "m"
    before, after = SWITCHES[name][::-1] if back else SWITCHES[name]
    lay(place, after)
    target = ingest(store, place, cache=cache).artifact
    lay(place, before)
    present = ingest(store, place, cache=cache).artifact
    materialize(store, target, place, cache=cache)
    assert seen(place) == after
    materialize(store, present, place, cache=cache)
    assert seen(place) == before
    assert [path.name for path in tmp_path.glob(".regolo*")] == []


@pytest.mark.parametrize(
    ("before", "after", "edit"),
    [
        ("one", {"a": "1"}, ""),
        ({"a": "1", "b": "2"}, "one", "b"),
        ({"a": "1"}, "one", "new"),
        ({"a": "1"}, {"a/b": "2"}, "a"),
        ({"a/b": "2", "a/c": "3"}, {"a": "1"}, "a/c"),
        ({"a/b": "2"}, {"a": "1"}, "a/c/mine"),
    ],
)
def test_an_edit_is_refused_and_overwritten_by_force(
    store: Store, cache: StatCache, tmp_path: Path, before: Layout, after: Layout, edit: str
) -> None:
    place = tmp_path / "m"
    lay(place, after)
    target = ingest(store, place, cache=cache).artifact
    lay(place, before)
    ingest(store, place, cache=cache)
    (place / edit).parent.mkdir(exist_ok=True)
    (place / edit).write_text("hours of work")
    edited = seen(place)
    with pytest.raises(Conflict, match="matches no version"):
        materialize(store, target, place, cache=cache)
    assert seen(place) == edited
    materialize(store, target, place, cache=cache, overwrite=FORCE)
    assert seen(place) == after


def test_a_repository_in_a_directory_is_never_replaced(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m" / "sub" / ".git").mkdir(parents=True)
    (tmp_path / "m" / "sub" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(Conflict, match="contains a Git repository"):
        materialize(store, one_file(store), tmp_path / "m", overwrite=FORCE)
    assert (tmp_path / "m" / "sub" / ".git" / "HEAD").exists()


def test_a_link_on_the_way_is_never_followed_or_replaced(store: Store, tmp_path: Path) -> None:
    lay(tmp_path / "src", {"a/b": "new"})
    target = ingest(store, tmp_path / "src").artifact
    lay(tmp_path / "outside", {"b": "precious"})
    lay(tmp_path / "m", {"k": "k"})
    (tmp_path / "m" / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(Conflict, match="is a link"):
        materialize(store, target, tmp_path / "m", overwrite=FORCE)
    assert (tmp_path / "outside" / "b").read_text() == "precious"


@pytest.mark.parametrize("step", ["put", "remove"])
@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_failure_moves_everything_back(
    store: Store,
    cache: StatCache,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    name: str,
    back: bool,
) -> None:
    before, after = SWITCHES[name][::-1] if back else SWITCHES[name]
    place = tmp_path / "m"
    lay(place, after)
    target = ingest(store, place, cache=cache).artifact
    lay(place, before)
    ingest(store, place, cache=cache)
    whole = getattr(Replacement, step)

    def fail(self: Replacement, *given: object) -> None:
        whole(self, *given)
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(Replacement, step, fail)
    with pytest.raises(TransportError):
        materialize(store, target, place, cache=cache)
    assert seen(place) == before


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_kill_between_the_two_is_mended_by_the_next_checkout(
    store: Store, cache: StatCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    before, after = SWITCHES["several"][::-1] if back else SWITCHES["several"]
    place = tmp_path / "m"
    lay(place, after)
    target = ingest(store, place, cache=cache).artifact
    lay(place, before)
    ingest(store, place, cache=cache)
    child = os.fork()
    if not child:
        monkeypatch.setattr(Replacement, "put", lambda *_: os._exit(9))
        materialize(store, target, place, cache=cache)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    materialize(store, target, place, cache=cache)
    assert seen(place) == after
    assert list(tmp_path.glob("**/.regolo*")) == []


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_an_edit_between_plan_and_rename_is_kept(
    store: Store, cache: StatCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    layouts: list[Layout] = [{"a": "1"}, "one"]
    before, after = layouts if kind == "directory" else layouts[::-1]
    place = tmp_path / "m"
    lay(place, after)
    target = ingest(store, place, cache=cache).artifact
    lay(place, before)
    ingest(store, place, cache=cache)
    clear = Replacement.clear

    def edit_first(self: Replacement, obstacles: object) -> None:
        (place / "mine" if place.is_dir() else place).write_text("hours of work")
        clear(self, obstacles)  # type: ignore[arg-type]

    monkeypatch.setattr(Replacement, "clear", edit_first)
    with pytest.raises(Conflict, match="changed during the checkout"):
        materialize(store, target, place, cache=cache)
    assert "hours of work" in str(seen(place))


# -- devices, pipes and sockets ---------------------------------------------------------------------------


def one_file(store: Store) -> Artifact:
    return ingest(store, b"x").artifact


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o644 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root may make a device")


def listening(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [device, os.mkfifo, listening, link_to_a_device])
@pytest.mark.parametrize("at", ["", "inside", "a", "a/inside"])
@pytest.mark.parametrize("overwrite", [NOTHING, FORCE], ids=["careful", "forced"])
def test_a_special_file_is_never_replaced(
    store: Store, tmp_path: Path, make: Callable[[Path], None], at: str, overwrite: Overwrite
) -> None:
    """In place of the file, in a directory in its place, in place of a directory, or in a directory of it."""
    target = one_file(store)
    if at.startswith("a"):
        lay(tmp_path / "src", {"a/inside": "x", "b": "x"})
        target = ingest(store, tmp_path / "src").artifact
    place = tmp_path / "m"
    (place / at).parent.mkdir(parents=True, exist_ok=True)
    make(place / at)
    status = (place / at).lstat()
    if make is link_to_a_device and at == "inside" and overwrite is FORCE:
        materialize(store, target, place, overwrite=overwrite)  # the link goes, not what it leads to
        return
    with pytest.raises(Conflict):
        materialize(store, target, place, overwrite=overwrite)
    left = (place / at).lstat()
    assert (left.st_mode, left.st_ino) == (status.st_mode, status.st_ino)
    assert not (place / "b").exists()
