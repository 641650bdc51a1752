"""`git regolo clone`: a clone with its tags and files, and what stands in its way."""

import json
import shlex
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.errors import InvalidInput
from regolo_git.registry.sync.clone import directory_of


@pytest.fixture
def host(two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose clones find the bytes, and a directory to stand in."""
    git(tmp_path, "clone", "-q", "--bare", str(two_versions), "host.git")
    git(tmp_path, "config", "--global", "regolo.store", str(two_versions / ".git/regolo/store"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "host.git"


def test_a_clone_has_tags_and_files(regolo: Regolo, host: Path, two_versions: Path) -> None:
    done = regolo("clone", str(host))
    top = Path("host").absolute()
    assert done.out == f"{top}\n"
    assert git(top, "tag", "-l").split() == ["m@v1.0", "m@v1.1"]
    assert (top / "model.safetensors").read_bytes() == (two_versions / "model.safetensors").read_bytes()
    assert git(top, "status", "--short") == ""


def test_files_can_stay_away(regolo: Regolo, host: Path) -> None:
    found = json.loads(regolo("clone", str(host), "there", "--no-checkout", "--json").out)
    assert found == {"directory": str(Path("there").absolute()), "checked_out": []}
    assert not Path("there/model.safetensors").exists()
    assert Path("there/models/m/manifest.toml").exists()


def test_one_model_can_be_asked_for(regolo: Regolo, host: Path) -> None:
    regolo("clone", str(host), "there", "--model", "m")
    assert Path("there/model.safetensors").exists()
    done = regolo("clone", str(host), "other", "--model", "x", status=3)
    assert "model 'x' has no files" in done.err
    place = Path("other").absolute()
    assert f"cloned {host} into {place}" in done.err
    assert f"hint: git -C {place} regolo list" in done.err


def test_bytes_that_are_in_no_store_are_named(regolo: Regolo, host: Path, tmp_path: Path) -> None:
    git(tmp_path, "config", "--global", "--unset", "regolo.store")
    done = regolo("clone", str(host), status=3)
    assert "the bytes of 'm@1.1' are not in" in done.err
    assert git(Path("host").absolute(), "tag", "-l").split() == ["m@v1.0", "m@v1.1"]


@pytest.mark.parametrize("where", ["there", "."], ids=["new", "here"])
def test_a_clone_that_did_not_end_is_gone_on_with(
    regolo: Regolo, host: Path, two_versions: Path, tmp_path: Path, where: str
) -> None:
    store = two_versions / ".git/regolo/store"
    (store / "chunks").rename(store / "away")
    regolo("clone", str(host), where, status=3)
    assert not Path(where, "model.safetensors").exists()
    (store / "away").rename(store / "chunks")
    regolo("clone", f"file://{host}", where, status=4)
    regolo("clone", str(host), where)
    assert Path(where, "model.safetensors").exists()
    assert git(Path(where).absolute(), "status", "--short") == ""
    assert "is there already" in regolo("clone", str(host), where, status=4).err
    assert [entry.name for entry in Path().iterdir() if "regolo-clone" in entry.name] == []


def test_a_directory_that_is_there_is_left_alone(regolo: Regolo, host: Path) -> None:
    Path("there").mkdir()
    Path("there/mine").write_text("mine")
    regolo("clone", str(host), "there", status=4)
    assert [path.name for path in Path("there").iterdir()] == ["mine"]


def test_a_missing_registry_is_reported(regolo: Regolo, host: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "empty.git")
    assert "is not a model registry yet" in regolo("clone", str(tmp_path / "empty.git"), status=3).err
    regolo("clone", str(tmp_path / "nothing.git"), status=3)
    assert not Path("nothing").exists()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/team/models.git", "models"),
        ("https://host/team/models/", "models"),
        ("git@host:team/models.git", "models"),
        ("host:models.git", "models"),
        ("ssh://git@host:22/team/models", "models"),
        ("../models/.git", "models"),
        ("/srv/models.git/", "models"),
    ],
    ids=str,
)
def test_the_directory_is_named_after_the_url(url: str, name: str) -> None:
    assert directory_of(url) == name


@pytest.mark.parametrize("url", ["https://host", "..", "/", ""])
def test_a_url_without_a_name_needs_a_directory(url: str) -> None:
    with pytest.raises(InvalidInput):
        directory_of(url)


@pytest.fixture
def with_store(regolo: Regolo, host: Path, two_versions: Path, tmp_path: Path) -> Path:
    """A host whose bytes are in a shared store alone."""
    git(tmp_path, "config", "--global", "--unset", "regolo.store")
    git(two_versions, "remote", "add", "origin", str(host))
    regolo("-C", str(two_versions), "config", "store.url", str(tmp_path / "shared"))
    assert "sent 2 artifacts" in regolo("-C", str(two_versions), "push").err
    return host


def test_files_come_from_the_shared_store(regolo: Regolo, with_store: Path, two_versions: Path) -> None:
    done = regolo("clone", str(with_store), "--yes")
    assert f"confirmed the shared store '{two_versions.parent / 'shared'}'" in done.err
    assert Path("host/model.safetensors").read_bytes() == (two_versions / "model.safetensors").read_bytes()


def test_a_shared_store_has_to_be_confirmed(regolo: Regolo, with_store: Path, two_versions: Path) -> None:
    restored = Path("host/model.safetensors").absolute()
    done = regolo("clone", str(with_store), status=8)
    assert "which this clone has not confirmed" in done.err
    assert "for the others" not in done.err  # nothing else helps before it is confirmed
    *_, command = done.err.splitlines()
    first, second = command.partition("hint: ")[2].split(" && ")
    for line in (first, second):
        words = shlex.split(line)
        assert words[:2] == ["git", "-C"]
        regolo("-C", words[2], *words[4:])
    assert restored.read_bytes() == (two_versions / "model.safetensors").read_bytes()


def test_yes_confirms_the_shared_store_for_what_is_fetched_later(
    regolo: Regolo, with_store: Path, two_versions: Path
) -> None:
    restored = Path("host/model.safetensors").absolute()
    done = regolo("clone", str(with_store), "--yes", "--no-checkout")
    assert f"confirmed the shared store '{two_versions.parent / 'shared'}'" in done.err
    assert not restored.exists()
    regolo("-C", str(restored.parent), "checkout", "m")
    assert restored.read_bytes() == (two_versions / "model.safetensors").read_bytes()


def test_a_password_in_the_url_is_not_shown(regolo: Regolo, host: Path) -> None:
    url = f"file://ada:s3cret@{host}"
    done = [regolo("clone", url, "--no-checkout"), regolo("clone", url, status=4)]
    done.append(regolo("clone", "https://ada:s3cret@host/", status=2))
    assert f"cloned file://{host} into" in done[0].err
    assert not [each for each in done if "s3cret" in each.err + each.out]
