"""A record that is broken, or newer: named once, and in the way of nothing but what depends on it."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model

pytestmark = pytest.mark.slow  # CI runs it, too

PATHS = {
    "environment": "environments/staging/m.toml",
    "retired": "models/m/retired.toml",
    "card": "models/m/model.toml",
    "endpoint": "endpoints/e.toml",
}


@pytest.fixture
def two_models(two_versions: Path, regolo: Regolo) -> Path:
    """Model `m`, with every kind of record, and model `n` beside it."""
    write_model(two_versions / "n.safetensors", 7)
    regolo("register", "n", "n.safetensors")
    write_model(two_versions / "n.safetensors", 8)
    regolo("commit", "n", "n.safetensors")
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    regolo("promote", "m@1.1", "staging")
    regolo("endpoint", "create", "e", "m@1.1")
    regolo("endpoint", "create", "f", "n@1.1")
    regolo("remove", "m@1.0", "-m", "wrong data", "--yes")
    return two_versions


def broken(top: Path, kind: str, newer: bool) -> str:
    """Breaks a record; its path."""
    path = top / PATHS[kind]
    path.write_text(path.read_text().replace("format = 1", "format = 2") if newer else "no TOML\n")
    git(top, "commit", "-qam", "by hand")
    return PATHS[kind]


@pytest.mark.parametrize("newer", [False, True], ids=["damaged", "newer"])
@pytest.mark.parametrize("kind", PATHS)
def test_it_is_in_the_way_of_nothing_else(two_models: Path, regolo: Regolo, kind: str, newer: bool) -> None:
    path = broken(two_models, kind, newer)
    write_model(two_models / "n.safetensors", 9)
    lines = [
        ["list"],
        ["list", "n"],
        ["show", "n"],
        ["log", "n"],
        ["diff", "n@1.0", "n@1.1"],
        ["status"],
        ["describe"],
        ["checkout", "n@1.0", "--force"],
        ["commit", "n", "n.safetensors", "--yes"],
        ["revert", "n", "--to", "1.0"],
        ["promote", "n@1.1", "staging"],
        ["history", "n"],
        ["endpoint", "list"],
        ["endpoint", "show", "f"],
        ["traffic", "f", "1.0=10", "1.1=90"],
        ["rollback", "f", "--to", "1.1"],
        ["endpoint", "create", "g", "n@1.2"],
        ["tag", "--merged"],
        ["checkout", "--force"],
        ["list", "m"],
        ["checkout", "m@1.1", "--force"],
    ]
    for line in lines:
        said = regolo(*line).err
        assert said.count(f"'{path}'") <= 1
        assert all(
            said_line.startswith(("note: ", "  ")) for said_line in said.splitlines() if path in said_line
        )


@pytest.mark.parametrize("newer", [False, True], ids=["damaged", "newer"])
@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("environment", [["list"], ["show", "n"], ["list", "n"], ["log", "m"]]),
        ("retired", [["list"], ["show", "n"], ["list", "n"], ["log", "m"]]),
        ("endpoint", [["endpoint", "list"], ["show", "n"], ["promote", "n@1.1", "staging"]]),
    ],
)
def test_it_is_named_once_where_all_of_its_kind_are_read(
    two_models: Path, regolo: Regolo, kind: str, lines: list[list[str]], newer: bool
) -> None:
    path = broken(two_models, kind, newer)
    hint = "pip install --upgrade regolo-git" if newer else f"git log -p -- :/{path}"
    for line in lines:
        said = regolo(*line).err
        assert said.count(f"'{path}'") == 1
        (named,) = [said_line for said_line in said.splitlines() if f"'{path}'" in said_line]
        assert named.startswith("note: ignored an unreadable record: ")
        assert named.endswith(f" ({hint})")


@pytest.mark.parametrize("newer", [False, True], ids=["damaged", "newer"])
@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (
            "environment",
            [["promote", "m@1.1", "staging"], ["show", "m@staging"], ["remove", "m@1.2", "-m", "x", "--yes"]],
        ),
        (
            "retired",
            [["promote", "m@1.1", "production"], ["revert", "m", "--to", "1.0"], ["traffic", "e", "1.0=100"],
             ["remove", "m@1.2", "-m", "x", "--yes"]],
        ),
        ("card", [["show", "m"], ["commit", "m", "model.safetensors", "--yes"], ["diff", "m@1.0", "m@1.1"]]),
        (
            "endpoint",
            [["endpoint", "show", "e"], ["traffic", "e", "1.1=100"], ["remove", "m@1.2", "-m", "x", "--yes"]],
        ),
    ],
)  # fmt: skip
def test_dependent_commands_fail_naming_it(
    two_models: Path, regolo: Regolo, kind: str, lines: list[list[str]], newer: bool
) -> None:
    path = broken(two_models, kind, newer)
    before = git(two_models, "rev-parse", "HEAD")
    for line in lines:
        said = regolo(*line, status=5)
        assert f"error: '{path}'" in said.err
        assert said.out == ""
    assert git(two_models, "rev-parse", "HEAD") == before


def test_a_version_that_a_broken_endpoint_may_serve_is_not_retired(two_models: Path, regolo: Regolo) -> None:
    path = broken(two_models, "endpoint", newer=False)
    assert f"error: '{path}'" in regolo("remove", "n@1.0", "-m", "x", "--yes", status=5).err


def test_a_version_that_a_newer_endpoint_does_not_name_is_retired(two_models: Path, regolo: Regolo) -> None:
    broken(two_models, "endpoint", newer=True)
    assert regolo("remove", "n@1.0", "-m", "x", "--yes").out == "n@1.0\n"


def test_all_other_models_are_checked_out_and_tagged(two_models: Path, regolo: Regolo) -> None:
    git(two_models, "switch", "-qc", "topic")
    write_model(two_models / "n.safetensors", 10)
    regolo("commit", "n", "n.safetensors")
    git(two_models, "switch", "-q", "main")
    git(two_models, "merge", "-q", "topic")
    (two_models / "models/m/manifest.toml").write_text("no TOML\n")
    git(two_models, "commit", "-qam", "by hand")
    (two_models / "n.safetensors").unlink()
    for line in (["checkout"], ["tag", "--merged"]):
        assert "'models/m/manifest.toml'" in regolo(*line, status=5).err
    assert (two_models / "n.safetensors").exists()
    assert git(two_models, "tag", "--list", "n@v1.2") == "n@v1.2\n"


def test_a_manifest_that_was_broken_for_a_while_is_in_the_way_of_nothing(
    two_models: Path, regolo: Regolo
) -> None:
    path = two_models / "models/m/manifest.toml"
    good = path.read_text()
    path.write_text("no TOML\n")
    git(two_models, "commit", "-qam", "by hand")
    path.write_text(good)
    git(two_models, "commit", "-qam", "mended")
    assert "every version" in regolo("tag", "--merged").err
    assert "'models/m/manifest.toml'" not in regolo("doctor").out
