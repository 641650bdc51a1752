"""The drivers of a clone, and real merges, rebases and cherry-picks with them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model

from regolo_git.registry.drivers import COMMANDS, MERGE, TEXTCONV

CARD = "models/m/model.toml"
MANIFEST = "models/m/manifest.toml"


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program beside the interpreter, where git finds it."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def config(top: Path, key: str) -> str:
    return subprocess.run(
        ["git", "-C", top, "config", "--get", key], capture_output=True, text=True, check=False
    ).stdout.strip()


def test_init_configures_the_merge_driver(regolo: Regolo, registry: Path) -> None:
    assert config(registry, MERGE) == COMMANDS[MERGE]
    assert config(registry, TEXTCONV) == ""
    regolo("init", "--textconv")
    assert config(registry, TEXTCONV) == COMMANDS[TEXTCONV]


def test_a_foreign_driver_stays(regolo: Regolo, registry: Path) -> None:
    git(registry, "config", MERGE, "other %A")
    regolo("init")
    regolo("doctor")
    assert config(registry, MERGE) == "other %A"


def test_doctor_tells_a_missing_and_a_stale_one(regolo: Regolo, registry: Path) -> None:
    git(registry, "config", "--unset", MERGE)
    git(registry, "config", TEXTCONV, "git regolo textconv")
    told = regolo("doctor", "--dry-run")
    assert f"'{MERGE}' for the registry's records is not configured" in told.out + told.err
    assert f"'{TEXTCONV}' for the registry's records is that of another release" in told.out + told.err
    assert config(registry, MERGE) == ""
    regolo("doctor")
    assert (config(registry, MERGE), config(registry, TEXTCONV)) == (COMMANDS[MERGE], COMMANDS[TEXTCONV])
    told = regolo("doctor")
    assert MERGE not in told.out + told.err


def test_records_have_the_drivers_in_every_clone(registry: Path) -> None:
    attributes = git(registry, "check-attr", "merge", "diff", "--", MANIFEST, ".regolo/config.toml")
    assert attributes.count("regolo\n") == 4


def merge_driver(regolo: Regolo, top: Path, texts: tuple[bytes, bytes, bytes], status: int) -> bytes:
    places = [top / name for name in ("base", "ours", "theirs")]
    for place, text in zip(places, texts, strict=True):
        place.write_bytes(text)
    regolo("merge-driver", *map(str, places), "7", CARD, status=status)
    return places[1].read_bytes()


def test_the_driver_merges_by_key(regolo: Regolo, top: Path) -> None:
    merged = merge_driver(regolo, top, (b"a = 1\nb = 1\n", b"a = 2\nb = 1\n", b"a = 1\nb = 2\n"), 0)
    assert merged == b"a = 2\nb = 2\n"


def test_the_driver_marks_conflicts(regolo: Regolo, top: Path) -> None:
    merged = merge_driver(regolo, top, (b"a = 1\n", b"a = 2\n", b"a = 3\n"), 1)
    assert merged == b"<<<<<<< ours\na = 2\n=======\na = 3\n>>>>>>> theirs\n"


@pytest.mark.parametrize(
    ("texts", "merged", "status"),
    [
        ((b"x\n1\n2\n3\n", b"y\n1\n2\n3\n", b"x\n1\n2\n4\n"), b"y\n1\n2\n4\n", 0),
        ((b"x\n", b"y\n", b"z\n"), b"<<<<<<< ours\ny\n=======\nz\n>>>>>>> theirs\n", 1),
        ((b"\0", b"\0\1", b"\0\2"), b"\0\1", 1),
        ((b"\xef\xbb\xbfa = 1\n", b"\xff", b"a = 1\n"), None, 1),
    ],
    ids=["clean", "conflict", "binary", "not UTF-8"],
)
def test_invalid_toml_is_merged_as_git_does(
    regolo: Regolo, top: Path, texts: tuple[bytes, bytes, bytes], merged: bytes | None, status: int
) -> None:
    found = merge_driver(regolo, top, texts, status)
    assert merged in (None, found)


def test_textconv_prints_values_and_otherwise_the_file(regolo: Regolo, two_versions: Path, top: Path) -> None:
    assert "metrics.accuracy = 0.92" in regolo("textconv", MANIFEST).lines
    (top / "broken").write_text("<<<<<<< ours\n")
    assert regolo("textconv", "broken").lines == ["<<<<<<< ours"]
    regolo("textconv", "nothing", status=2)


# -- real git -----------------------------------------------------------------------------------------------


def edit(top: Path, path: str, old: str, new: str, message: str) -> None:
    file = top / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    git(top, "commit", "-qam", message)


def attempt(top: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", top, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def two_edits(two_versions: Path, on_path: None) -> Path:
    """A branch `side` and `main` that change keys on neighbouring lines of the model card."""
    top = two_versions
    (top / CARD).write_text('format = 1\ndescription = "one"\nowner = "ada"\nversion_parts = 2\n')
    git(top, "commit", "-qam", "card")
    git(top, "switch", "-qc", "side")
    edit(top, CARD, '"ada"', '"grace"', "owner")
    git(top, "switch", "-q", "main")
    edit(top, CARD, '"one"', '"two"', "description")
    return top


BOTH = 'description = "two"\nowner = "grace"\n'


@pytest.mark.slow
@pytest.mark.parametrize("how", [("merge", "-q", "side"), ("rebase", "-q", "side"), ("cherry-pick", "side")])
def test_git_merges_keys_beside_each_other(two_edits: Path, how: tuple[str, ...]) -> None:
    done = attempt(two_edits, *how)
    assert done.returncode == 0, done.stdout + done.stderr
    assert BOTH in (two_edits / CARD).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["no configuration", "no program"])
def test_without_the_driver_git_merges_text(
    two_edits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    if how == "no configuration":
        git(two_edits, "config", "--unset", MERGE)
    else:
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in ("git", "sh", "cat"):
            found = subprocess.run(["which", name], capture_output=True, text=True, check=True)
            (tools / name).symlink_to(found.stdout.strip())
        monkeypatch.setenv("PATH", str(tools))
    done = attempt(two_edits, "merge", "side")
    assert done.returncode == 1
    assert "<<<<<<<" in (two_edits / CARD).read_text()
    assert attempt(two_edits, "diff", "HEAD").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("how", [("merge", "-q"), ("cherry-pick",), ("rebase", "-q")], ids=lambda how: how[0])
def test_two_proposals_of_one_version_conflict_on_the_seal(
    regolo: Regolo, two_versions: Path, on_path: None, how: tuple[str, ...]
) -> None:
    top = two_versions
    for fill, branch in enumerate(("one", "two"), 3):
        write_model(top / "model.safetensors", fill)
        regolo("commit", "m", "model.safetensors", "--propose", "--metric", f"accuracy=0.9{fill}")
        proposal = git(top, "branch", "--list", "--format=%(refname:short)", "propose/*").strip()
        git(top, "branch", "-m", proposal, branch)
    git(top, "checkout", "-q", "-f", "one")
    assert attempt(top, *how, "two").returncode == 1
    text = (top / MANIFEST).read_text()
    inside = text[text.index("<<<<<<<") : text.rindex(">>>>>>>")]
    assert inside.count("\nseal = ") == 2
    assert inside.count("version = ") == 2
    assert git(top, "ls-files", "-u", MANIFEST)


@pytest.mark.slow
def test_git_shows_records_value_by_value(regolo: Regolo, two_versions: Path, on_path: None) -> None:
    regolo("init", "--textconv")
    shown = git(two_versions, "log", "-p", "-1", "--", MANIFEST)
    assert "+metrics.accuracy = 0.92" in shown
    git(two_versions, "config", TEXTCONV, COMMANDS[TEXTCONV].replace("git-regolo", "git-regolo-gone"))
    assert "+accuracy = 0.92" in git(two_versions, "log", "-p", "-1", "--", MANIFEST)


def test_a_clone_has_the_merge_driver(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    regolo("clone", str(two_versions), str(tmp_path / "clone"), "--no-checkout")
    assert config(tmp_path / "clone", MERGE) == COMMANDS[MERGE]
