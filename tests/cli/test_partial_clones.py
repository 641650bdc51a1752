"""In a partial clone every verb works, fetching what it reads; nothing that is elsewhere is called damaged."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git
from support.git_repository import opened
from support.model_files import write_model

from regolo_git.errors import MissingObject

pytestmark = pytest.mark.slow  # CI runs it, too

Partial = Callable[..., Path]
FILTERS = ("blob:none", "tree:0", "blob:limit=10")


@pytest.fixture
def upstream(regolo: Regolo, two_versions: Path) -> Path:
    """Versions 1.0 to 1.3 of `m`, one of them promoted, and an endpoint."""
    for fill in (3, 4):
        write_model(two_versions / "model.safetensors", fill)
        regolo("commit", "m", "model.safetensors", "--metric", f"accuracy=0.{fill}")
    regolo("promote", "m@1.0", "staging")
    regolo("endpoint", "create", "e", "m@1.0")
    regolo("traffic", "e", "1.1=100")
    git(two_versions, "config", "uploadpack.allowFilter", "true")
    shutil.copytree(two_versions / ".git/regolo/store", two_versions.parent / "store")
    return two_versions


@pytest.fixture
def partial(upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partial:
    """Makes a partial clone and goes there."""

    def make(*options: str) -> Path:
        top = clone(upstream, tmp_path / "clone", *options)
        git(top, "config", "regolo.store", str(upstream.parent / "store"))
        monkeypatch.chdir(top)
        return top

    return make


READING = (
    ("list",), ("list", "m", "--metric", "accuracy"), ("show", "m@1.0"), ("log", "m"), ("diff", "m@1.0", "1.1"),
    ("describe",), ("status",), ("history", "m"), ("endpoint", "show", "e"), ("endpoint", "history", "e"),
    ("fsck",), ("fsck", "--full"), ("doctor",), ("config",), ("tag", "--merged"),
    ("checkout", "m@1.0", "elsewhere.safetensors"),
)  # fmt: skip


@pytest.mark.parametrize("options", [("blob:none", "--no-checkout"), ("tree:0",)], ids=" ".join)
@pytest.mark.parametrize("verb", READING, ids=" ".join)
def test_a_verb_that_reads_fetches_what_it_needs(
    regolo: Regolo, partial: Partial, verb: tuple[str, ...], options: tuple[str, ...]
) -> None:
    top = partial(f"--filter={options[0]}", *options[1:])
    done = regolo(*verb)
    if verb == ("doctor",):
        assert "limit      this clone is partial" in done.out
        assert "git fetch --refetch --no-filter" in done.out
    if verb[0] == "fsck":
        assert "checked 4 versions" in done.err
    assert git(top, "for-each-ref", "refs/tags").count("\n") == 4


@pytest.mark.parametrize("kind", FILTERS)
def test_every_change_can_be_made(regolo: Regolo, partial: Partial, kind: str) -> None:
    top = partial(f"--filter={kind}")
    write_model(top / "new.safetensors", 9)
    assert regolo("commit", "m", "new.safetensors").out == "m@1.4\n"
    regolo("register", "n", "new.safetensors")
    regolo("promote", "m@1.2", "staging")
    regolo("rollback", "e")
    regolo("revert", "m", "--to", "1.1")
    regolo("retire", "m@1.3", "-m", "wrong", "--yes")
    assert "no problems found" in regolo("fsck", "--full").err
    git(top, "fsck", "--strict")


@pytest.mark.parametrize("kind", FILTERS)
def test_a_bare_partial_clone_works(regolo: Regolo, partial: Partial, kind: str) -> None:
    partial(f"--filter={kind}", "--bare")
    assert regolo("show", "m@1.0", "--json").document["version"] == "1.0"
    regolo("fsck")


@pytest.mark.parametrize("kind", FILTERS)
def test_an_older_git_wrote_an_extension(regolo: Regolo, partial: Partial, kind: str) -> None:
    top = partial(f"--filter={kind}", "--no-checkout")
    git(top, "config", "core.repositoryFormatVersion", "1")
    git(top, "config", "extensions.partialClone", "origin")
    git(top, "config", "--unset", "remote.origin.promisor")
    regolo("log", "m")
    assert "this clone is partial" in regolo("doctor").out


@pytest.mark.parametrize(("kind", "most"), [("blob:none", 5), ("tree:0", 7)])
def test_many_objects_are_fetched_at_once(regolo: Regolo, partial: Partial, kind: str, most: int) -> None:
    top = partial(f"--filter={kind}", "--no-checkout")
    packs = top / ".git/objects/pack"
    before = len(list(packs.glob("*.promisor")))
    regolo("log", "m")
    assert 0 < len(list(packs.glob("*.promisor"))) - before <= most


@pytest.mark.parametrize("kind", FILTERS[:2])
@pytest.mark.parametrize(
    "verb",
    [
        ("show", "m@1.0"),
        ("log", "m"),
        ("fsck",),
        ("list", "m", "--metric", "accuracy"),
        ("checkout", "m@1.0", "x"),
    ],
    ids=" ".join,
)
def test_without_the_remote_nothing_is_called_damaged(
    regolo: Regolo, partial: Partial, upstream: Path, tmp_path: Path, kind: str, verb: tuple[str, ...]
) -> None:
    partial(f"--filter={kind}", "--no-checkout")
    upstream.rename(tmp_path / "away")
    refused = regolo(*verb, status=6)
    assert "is not in this partial clone and cannot be fetched: remote '" in refused.err
    assert "does not appear to be a git repository" in refused.err
    assert "hint: git fetch --refetch --no-filter" in refused.err
    (tmp_path / "away").rename(upstream)
    regolo(*verb)


def test_without_the_remote_what_is_here_is_shown(
    regolo: Regolo, partial: Partial, upstream: Path, tmp_path: Path
) -> None:
    partial("--filter=blob:none")
    regolo("log", "m")
    regolo("list")
    upstream.rename(tmp_path / "away")
    regolo("log", "m")
    assert "this clone is partial" in regolo("doctor").out


def test_an_object_that_nobody_has_is_missing(regolo: Regolo, partial: Partial) -> None:
    top = partial("--filter=blob:none")
    with pytest.raises(MissingObject):
        opened(top).get("0123456789" * 4)
