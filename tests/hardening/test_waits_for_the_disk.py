"""A new version waits for the disk once for each file and directory, and nothing has a name too early."""

from collections import Counter
from pathlib import Path

import pytest
from support.system_calls import calls_on_files, can_trace

from regolo_git.api import Registry

MOST = 24
RENAMES = ("rename", "renameat", "renameat2", "link", "linkat")
pytestmark = pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace")

Calls = list[tuple[str, list[str]]]


@pytest.fixture
def calls(git_repository: Path) -> Calls:
    file = git_repository / "m.bin"
    with Registry.init(git_repository) as registry:
        file.write_bytes(b"one" * 3000)
        registry.register_model("m", file)
        file.write_bytes(b"two" * 3000)
        registry.create_model_version("m", model_data=file)
    file.write_bytes(b"three" * 3000)
    return calls_on_files(git_repository, ("fsync", "fdatasync", *RENAMES), "commit", "m", "m.bin")


def synced(calls: Calls) -> list[str]:
    return [paths[0] for call, paths in calls if call in ("fsync", "fdatasync")]


def test_each_file_and_directory_is_made_durable_once(calls: Calls) -> None:
    waits = Counter(synced(calls))
    assert max(waits.values()) == 1
    # The first file under a prefix creates a directory there, which has a new entry itself.
    tops = ("/.git/objects", "/store/chunks", "/store/recipes")
    assert len([path for path in waits if not path.endswith(tops)]) <= MOST


def place_of(calls: Calls, wanted: str) -> int:
    """Where the last call with such a path is."""
    return max(number for number, (_, paths) in enumerate(calls) if any(wanted in path for path in paths))


def renamed(calls: Calls, into: str) -> list[tuple[int, str, str]]:
    """The renames of new content to a name below a directory: their place, the old and the new name."""
    found = []
    for number, (call, paths) in enumerate(calls):
        if call in RENAMES and into in paths[-1] and not paths[-1].endswith(".lock"):
            found.append((number, paths[-2], paths[-1]))
    return found


@pytest.mark.parametrize(
    ("into", "count"),
    [("/.git/objects/", 6), ("/store/chunks/", 1), ("/store/recipes/", 1), ("/.git/refs/", 2)],
)
def test_content_is_durable_before_it_has_its_name_and_the_name_after(
    calls: Calls, into: str, count: int
) -> None:
    renames = [(at, old, new) for at, old, new in renamed(calls, into) if Path(new).suffix != ".lock"]
    files = [(at, old, new) for at, old, new in renames if not Path(new).name.startswith("tmp")]
    waits = [(number, paths[0]) for number, (call, paths) in enumerate(calls) if "sync" in call]
    # A lock of a ref is the second name of a file, which is written by its first one.
    first = {paths[-1]: paths[-2] for call, paths in calls if call in ("link", "linkat")}
    found = 0
    for at, old, new in files:
        if any(number < at and path in (old, first.get(old)) for number, path in waits):
            found += 1
            assert any(number > at and path == str(Path(new).parent) for number, path in waits)
    assert found == count


def test_everything_else_is_durable_before_the_tag_and_the_tag_before_the_branch(calls: Calls) -> None:
    tag, branch = (at for at, _, _ in renamed(calls, "/.git/refs/"))
    before = {path for call, paths in calls[:tag] if "sync" in call for path in paths[:1]}
    for needed in (
        "/store/chunks/",
        "/store/recipes/",
        "/.git/objects/",
        "/regolo/journal.json",
        "/models/m/",
    ):
        assert any(needed in path for path in before), needed
    after = [path for call, paths in calls[tag:] if "sync" in call for path in paths[:1]]
    assert [path.rpartition("/.git/")[2] for path in after] == ["refs/tags", "refs/heads"]
    between = [path for call, paths in calls[tag:branch] if "sync" in call for path in paths[:1]]
    assert [path.rpartition("/.git/")[2] for path in between] == ["refs/tags"]
