"""What is imported and when: nobody waits for a library that is not used."""

import os
import time
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.command_line_fixtures import registry, regolo, top, two_versions
from support.git_program import git
from support.places import ROOT
from support.program import run_python

import regolo_git
import regolo_git.api
from regolo_git.git.environment import OVERRIDES

__all__ = ["registry", "regolo", "top", "two_versions"]

ALIASES = {"delete_model_version": "retire_model_version"}

# What takes a moment to import, each for a part of the work only.
SLOW = ("pygit2", "dulwich", "fsspec", "tomlkit", "rich", "sqlite3", "urllib.request", "asyncio")

# The parsers of records, which a list from its caches does not need.
PARSERS = (
    "tomllib",
    *(
        f"regolo_git.records.{kind}"
        for kind in ("manifest", "config", "endpoint", "environment", "model_card")
    ),
)


def imported(code: str, cwd: Path = ROOT) -> set[str]:
    """The modules that a program has imported when it ends."""
    done = run_python(f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)", cwd=cwd)
    return set(done.stderr.splitlines()[-1].split())


def command(*arguments: str) -> str:
    return f"from regolo_git.cli.main import run; assert run({arguments!r}) == 0"


def test_importing_the_package_imports_nothing_else() -> None:
    modules = imported("import regolo_git")
    assert {name for name in modules if name.startswith("regolo_git")} == {"regolo_git"}


def test_importing_the_api_imports_neither_the_git_library_nor_an_http_client() -> None:
    modules = imported("import regolo_git.api")
    assert modules.isdisjoint(SLOW)
    assert {name for name in modules if name.startswith("regolo_git")} == {"regolo_git", "regolo_git.api"}


def test_the_registry_imports_no_http_client() -> None:
    modules = imported("from regolo_git.api import Registry")
    assert "regolo_git.api.registry" in modules
    assert modules.isdisjoint({"urllib.request", "http.client", "fsspec", "tomlkit", "rich", "click"})


@pytest.mark.parametrize("option", ["--version", "-h"])
def test_the_command_line_starts_with_click_alone(option: str) -> None:
    modules = imported(command(option))
    assert "click" in modules
    assert modules.isdisjoint({*SLOW, "blake3", "json"})
    assert not any(name.startswith(("regolo_git.cli.commands.", "regolo_git.registry")) for name in modules)


def test_the_version_is_shown_without_what_only_an_error_or_completion_needs() -> None:
    alone = imported("import click")
    assert (imported(command("--version")) - alone).isdisjoint(
        {"pathlib", "difflib", "traceback", "click.shell_completion"}
    )


def test_a_hook_of_a_commit_without_records_imports_no_git_library(two_versions: Path) -> None:
    (two_versions / "a.txt").write_text("text")
    git(two_versions, "add", "a.txt")
    modules = imported(command("hook", "pre-commit"), cwd=two_versions)
    assert modules.isdisjoint(SLOW)
    assert not any(name.startswith("regolo_git.reviews") for name in modules)


def test_a_hook_that_reads_manifests_imports_no_git_library(two_versions: Path) -> None:
    manifest = two_versions / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text().replace("second", "another"))
    git(two_versions, "add", "models")
    assert imported(command("hook", "manifest"), cwd=two_versions).isdisjoint(SLOW)


@pytest.mark.parametrize(
    "arguments", [("list",), ("list", "m"), ("list", "m", "--plain"), ("list", "--json"), ("list", "--plain")]
)
def test_a_list_from_its_cache_imports_neither_the_git_library_nor_stores(
    two_versions: Path, regolo: Regolo, arguments: tuple[str, ...]
) -> None:
    regolo("promote", "m@1.0", "production")
    regolo(*arguments)  # fills the cache
    modules = imported(command(*arguments), cwd=two_versions)
    assert "sqlite3" in modules
    assert modules.isdisjoint({*SLOW, *PARSERS} - {"sqlite3"})


def test_nor_does_a_list_with_an_operations_branch(two_versions: Path, regolo: Regolo) -> None:
    regolo("config", "registry.operations", "ops")
    regolo("promote", "m@1.0", "production")
    regolo("list")
    modules = imported(command("list"), cwd=two_versions)
    assert modules.isdisjoint({*SLOW, *PARSERS} - {"sqlite3"})


# What only some of these commands need, of some versions: to read files, to write them, and to judge.
PARTS = (
    "artifacts.ingest",
    "artifacts.restore",
    "layouts.pickles",
    "registry.gates",
    "git.publish",
    "artifacts.values.compare",
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("log", "m"),
        ("history", "m"),
        ("show", "m"),
        ("show", "main:m"),
        ("diff", "m"),
        ("endpoint", "list"),
    ],
    ids=" ".join,
)
def test_a_command_that_looks_imports_no_more_than_that(
    two_versions: Path, arguments: tuple[str, ...]
) -> None:
    modules = imported(command(*arguments), cwd=two_versions)
    assert [name for name in modules if name.startswith(tuple(f"regolo_git.{part}" for part in PARTS))] == []


# What a new version of one plain file does not need, and so must not wait for.
NOT_FOR_A_PLAIN_FILE = {
    # processes and threads, and what imports them
    "subprocess", "tempfile", "concurrent.futures", "logging", "asyncio", "email.utils", "random", "secrets",
    "rich", "tomlkit", "fsspec", "urllib.request",
    *(
        f"regolo_git.{name}"
        for name in (
            "git.signing", "git.ref_process", "git.scratch", "git.containment", "git.tag_findings", "git.notes",
            "registry.clashes", "registry.versions.renumber", "registry.versions.merged",
        )
    ),
}  # fmt: skip
# A measurement, the seal, which numbers are metrics, files of values, what a version reads and does, JSON,
# what a request is checked for, the logger, and which numbers are proposed.
MOST_MODULES = 205


def test_the_next_version_of_a_plain_file_imports_what_it_needs(
    two_versions: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (*OVERRIDES, "GIT_CONFIG_NOSYSTEM"):  # git is asked what they mean
        monkeypatch.delenv(variable, raising=False)
    for key, value in {"name": "Ada", "email": "ada@example.com"}.items():
        git(two_versions, "config", f"user.{key}", value)
    (two_versions / "m.bin").write_bytes(b"weights of a plain file")
    regolo("commit", "m", "m.bin")
    (two_versions / "m.bin").write_bytes(b"other weights of a plain file")
    later = time.time() + 2  # or git itself has to change an index as old as the files in it
    os.utime(two_versions / ".git" / "index", (later, later))
    modules = imported(command("commit", "m", "m.bin", "--quiet"), cwd=two_versions)
    assert modules & NOT_FOR_A_PLAIN_FILE == set()
    assert len([name for name in modules if name.startswith("regolo_git")]) <= MOST_MODULES


# -- the names that are handed on -------------------------------------------------------------------------


@pytest.mark.parametrize("name", regolo_git.__all__)
def test_every_public_name_is_found_and_shown(name: str) -> None:
    assert getattr(regolo_git, name).__name__ == ALIASES.get(name, name)
    assert name in dir(regolo_git)


@pytest.mark.parametrize("name", regolo_git.api.__all__)
def test_the_api_hands_on_the_same_things(name: str) -> None:
    assert getattr(regolo_git.api, name) is getattr(regolo_git, name)


@pytest.mark.parametrize("module", [regolo_git, regolo_git.api])
def test_a_name_that_does_not_exist_is_an_attribute_error(module) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'elsewhere'"):
        assert module.elsewhere
