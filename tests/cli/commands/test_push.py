"""`git regolo push`, `fetch` and `pull` on the command line."""

import json
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model

from regolo_git.store.loose import LooseStore


@pytest.fixture
def clones(regolo: Regolo, two_versions: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two clones of one host, `ours` and `theirs`, which has pushed `m@1.2`."""
    git(tmp_path, "clone", "-q", "--bare", str(two_versions), "host.git")
    for name in ("ours", "theirs"):
        git(tmp_path, "clone", "-q", "host.git", name)
        git(tmp_path / name, "config", "regolo.store", str(two_versions / ".git/regolo/store"))
    write_model(tmp_path / "theirs/model.safetensors", 3)
    regolo("-C", str(tmp_path / "theirs"), "commit", "m", str(tmp_path / "theirs/model.safetensors"))
    regolo("-C", str(tmp_path / "theirs"), "push")
    return tmp_path / "ours", tmp_path / "theirs"


def commit(regolo: Regolo, top: Path, *options: str) -> None:
    write_model(top / "model.safetensors", 4)
    regolo("-C", str(top), "commit", "m", str(top / "model.safetensors"), *options)


def test_push_prints_the_versions_with_their_new_numbers(regolo: Regolo, clones: tuple[Path, Path]) -> None:
    commit(regolo, clones[0])
    done = regolo("-C", str(clones[0]), "push")
    assert done.out == "m@1.3\n"
    assert "pushed branch main, 1 version to origin" in done.err
    assert "renumbered  m@1.2 is now m@1.3" in done.err
    assert "'origin' has everything already" in regolo("-C", str(clones[0]), "push").err


def test_push_with_the_name_of_a_remote_says_where_it_goes(regolo: Regolo, clones: tuple[Path, Path]) -> None:
    said = regolo("-C", str(clones[0]), "push", "origin", status=3).err
    assert "there is no model 'origin'; pushes go to 'origin', the remote of branch 'main'\n" in said
    assert said.endswith("hint: git regolo push\n")


def test_push_of_a_taken_number_names_the_commands(regolo: Regolo, clones: tuple[Path, Path]) -> None:
    commit(regolo, clones[0], "--version", "1.2")
    done = regolo("-C", str(clones[0]), "push", status=4)
    assert "hint: git pull --rebase && git regolo renumber m@1.2" in done.err


def test_fetch_and_pull(regolo: Regolo, clones: tuple[Path, Path]) -> None:
    ours = str(clones[0])
    assert json.loads(regolo("-C", ours, "fetch", "--json").out)["versions"] == ["m@1.2"]
    done = json.loads(regolo("-C", ours, "pull", "--json").out)
    assert (done["branches"], done["kept"]) == (["main"], ["m@1.2"])
    regolo("-C", ours, "checkout")
    assert regolo("-C", ours, "pull").out == ""


def test_fetch_fails_for_a_number_that_clashes(regolo: Regolo, clones: tuple[Path, Path]) -> None:
    commit(regolo, clones[0])
    done = regolo("-C", str(clones[0]), "fetch", status=4)
    assert "tag 'm@v1.2' is another one at 'origin'; both stay as they are" in done.err
    assert "hint: git regolo renumber m@1.2" in done.err


def test_a_store_of_0_1_is_raised_only_with_consent(
    regolo: Regolo, clones: tuple[Path, Path], tmp_path: Path
) -> None:
    ours, team = str(clones[0]), tmp_path / "team"
    LooseStore.create(str(team))
    for name in ("a.txt", "b.txt", "c.bin"):
        (clones[0] / "data").mkdir(exist_ok=True)
        (clones[0] / "data" / name).write_bytes(name.encode() * 90_000)
    regolo("-C", ours, "register", "data", str(clones[0] / "data"))
    regolo("-C", ours, "config", "store.url", str(team))
    regolo("-C", ours, "pull")
    done = regolo("-C", ours, "push", status=4)
    assert f"hint: git regolo -C {ours} push --yes" in done.err
    assert "features" not in (team / "format.toml").read_text()
    assert regolo("-C", ours, "push", "--yes").out == "data@1.0\n"
    assert 'features = ["packs"]' in (team / "format.toml").read_text()
    assert list((team / "packs").rglob("*"))


def test_list_and_status_name_what_is_not_pushed(regolo: Regolo, clones: tuple[Path, Path]) -> None:
    ours = str(clones[0])
    assert "not pushed" not in regolo("-C", ours, "list").err
    commit(regolo, clones[0])
    for command in (["list"], ["list", "m"]):
        assert "note: not pushed: m@1.2\n  next    git regolo push\n" in regolo("-C", ours, *command).err
    assert "note: not pushed: m@1.2; 1 commit of main\n" in regolo("-C", ours, "status").err
    found = json.loads(regolo("-C", ours, "status", "--json").out)["unpushed"]
    assert (found["branch"], found["versions"], found["commits"]) == ("main", ["m@1.2"], 1)
    regolo("-C", ours, "push")
    for command in (["list"], ["list", "m"], ["status"]):
        assert "not pushed" not in regolo("-C", ours, *command).err


def test_list_and_status_name_bytes_that_git_left_behind(
    regolo: Regolo, clones: tuple[Path, Path], tmp_path: Path
) -> None:
    ours = str(clones[0])
    regolo("-C", ours, "fetch")
    git(clones[0], "merge", "-q", "--ff-only", "origin/main")
    regolo("-C", ours, "config", "store.url", str(tmp_path / "team"))
    regolo("-C", ours, "push", "--yes")
    git(clones[0], "switch", "-qc", "topic")
    commit(regolo, clones[0])
    for command in (["list"], ["list", "m"], ["status"]):
        assert "not pushed" not in regolo("-C", ours, *command).err
    git(clones[0], "push", "-q", "origin", "topic")
    said = "note: not pushed: the bytes of m@1.3\n  next    git regolo push\n"
    for command in (["list"], ["list", "m"], ["status"]):
        assert said in regolo("-C", ours, *command).err
    assert "not pushed" not in regolo("-C", ours, "list", "--limit", "1", "--json").err
    assert json.loads(regolo("-C", ours, "status", "--json").out)["unpushed"]["without_bytes"] == ["m@1.3"]
    assert "sent 1 artifact" in regolo("-C", ours, "push").err
    for command in (["list"], ["list", "m"], ["status"]):
        assert "not pushed" not in regolo("-C", ours, *command).err
