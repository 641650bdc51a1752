"""A version whose place is below a file that another version of the model put there, and the reverse."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.artifact_files import tree_of

from regolo_git.api import Registry
from regolo_git.errors import Conflict, RegoloError

Layout = Mapping[str, str]
# The places of two versions, and everything that is at `a` with each.
PLACES: dict[str, tuple[tuple[str, Layout], tuple[str, Layout]]] = {
    "file": (("a", {"a": "one"}), ("a/b", {"a/b": "two"})),
    "deeper": (("a", {"a": "one"}), ("a/b/c/d", {"a/b/c/d": "two"})),
    "directory": (("a", {"a": "one"}), ("a/b", {"a/b/x": "x", "a/b/y/z": "z"})),
    "member": (("a", {"a/b": "a file", "a/k": "k"}), ("a/b/c", {"a/b/c": "below", "a/k": "k"})),
}


def lay(top: Path, layout: Layout) -> None:
    """Leaves these files, and nothing else, at `a`."""
    shutil.rmtree(top / "a") if (top / "a").is_dir() else (top / "a").unlink(missing_ok=True)
    for name, text in layout.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)


def seen(top: Path) -> Layout:
    if (top / "a").is_file():
        return {"a": (top / "a").read_text()}
    return {f"a/{name}": content.decode() for name, content in tree_of(top / "a").items()}


def create(registry: Registry, name: str) -> Path:
    top = registry.handle.paths.top
    for number, (place, layout) in enumerate(PLACES[name]):
        lay(top, layout)
        add = registry.create_model_version if number else registry.register_model
        add("m", model_data=top / place)
    return top


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("name", PLACES)
def test_the_versions_take_turns(registry: Registry, name: str, moved: bool) -> None:
    top = create(registry, name)
    if moved and name != "member":  # as a clone that another program filled
        shutil.rmtree(top / ".git/regolo/held")
        (top / ".git/regolo/files.sqlite").unlink(missing_ok=True)
    for version, (_, layout) in (("1.0", PLACES[name][0]), ("1.1", PLACES[name][1])) * 2:
        registry.checkout_model_version("m", version)
        assert seen(top) == layout
    assert not [path.name for path in top.rglob(".regolo-*")]


@pytest.mark.parametrize("name", PLACES)
def test_an_edited_file_stays_unless_it_is_forced(registry: Registry, name: str) -> None:
    top = create(registry, name)
    registry.checkout_model_version("m", "1.0")
    edited = top / ("a/b" if name == "member" else "a")
    edited.write_text("hours of work")
    before = seen(top)
    with pytest.raises(Conflict, match="not a directory"):
        registry.checkout_model_version("m", "1.1")
    assert seen(top) == before
    registry.checkout_model_version("m", "1.1", force=True)
    assert seen(top) == PLACES[name][1][1]


def test_the_file_of_another_model_stays(registry: Registry) -> None:
    top = create(registry, "file")
    lay(top, {"a": "of another model"})
    registry.register_model("n", model_data=top / "a")
    with pytest.raises(Conflict, match="not a directory"):
        registry.checkout_model_version("m", "1.1")
    assert seen(top) == {"a": "of another model"}


def test_a_link_stays(registry: Registry) -> None:
    top = create(registry, "file")
    lay(top, {})
    (top / "real").write_text("one")
    (top / "a").symlink_to("real")
    for force in (False, True):
        with pytest.raises(Conflict, match="a link"):
            registry.checkout_model_version("m", "1.1", force=force)
    assert (top / "a").is_symlink()


def test_a_destination_below_a_file_is_refused_even_if_forced(registry: Registry) -> None:
    """The user may have meant another name; the recorded path is nobody's slip."""
    top = create(registry, "file")
    (top / "notes.txt").write_text("hours of work")
    registry.checkout_model_version("m", "1.0")
    for file in ("notes.txt", "a"):
        before = (top / file).read_text()
        with pytest.raises(Conflict, match="not a directory"):
            registry.checkout_model_version("m", "1.1", top / file / "m", force=True)
        with pytest.raises(Conflict, match="not a directory"):
            registry.checkout_model_version("m", "1.0", f"{top / file}/")
        assert (top / file).read_text() == before


def test_a_failure_leaves_the_file(registry: Registry) -> None:
    top = create(registry, "directory")
    registry.checkout_model_version("m", "1.0")
    for chunk in (top / ".git/regolo/store/chunks").rglob("*"):
        if chunk.is_file() and chunk.read_bytes() in (b"z", b"xz"):
            chunk.unlink()
    with pytest.raises(RegoloError, match=r"missing|not in"):
        registry.checkout_model_version("m", "1.1")
    assert seen(top) == {"a": "one"}
    assert not [path.name for path in top.rglob(".regolo-*")]
