"""The status of each version, and that its cache answers for nothing but what it was read from."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import RegoloNotice
from regolo_git.registry.version_status import read_statuses


@pytest.fixture
def promoted(registry: Registry, once: Once) -> Path:
    """Model `m` with 1.0 in production on `main`, and nothing in staging."""

    def build() -> None:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        registry.promote_model_version("m", "1.0", "production")

    once(build)
    return registry.handle.paths.top


def promotions(top: Path) -> object:
    with opened(top) as registry:
        return {model.name: dict(model.environments) for model in registry.list_models()}


@contextmanager
def opened(top: Path) -> Iterator[Registry]:
    with Registry.open(top) as registry:
        yield registry


def second_registry_branch(top: Path, place: Path) -> None:
    """A work tree at `place` on branch `other`, which says of itself that it is the registry branch."""
    git(top, "worktree", "add", "-q", "-b", "other", str(place))
    config = place / ".regolo/config.toml"
    config.write_text(config.read_text().replace('branch = "main"', 'branch = "other"'))
    git(place, "commit", "-qam", "a registry branch of its own")
    with opened(place) as registry:
        registry.promote_model_version("m", "1.1", "production")
        registry.promote_model_version("m", "1.1", "staging")


def test_each_work_tree_gets_the_statuses_of_its_own_registry_branch(promoted: Path, tmp_path: Path) -> None:
    second_registry_branch(promoted, tmp_path / "other")
    of_main, of_other = {"production": "1.0"}, {"production": "1.1", "staging": "1.1"}
    for _ in range(2):
        assert promotions(promoted) == {"m": of_main}
        assert promotions(tmp_path / "other") == {"m": of_other}


def test_another_registry_branch_gets_its_own_statuses(promoted: Path) -> None:
    git(promoted, "branch", "release")
    assert promotions(promoted) == {"m": {"production": "1.0"}}
    with opened(promoted) as registry:
        registry.promote_model_version("m", "1.1", "production")
    assert promotions(promoted) == {"m": {"production": "1.1"}}
    config = promoted / ".regolo/config.toml"
    config.write_text(config.read_text().replace('branch = "main"', 'branch = "release"'))
    git(promoted, "commit", "-qam", "the registry branch is another one")
    assert promotions(promoted) == {"m": {"production": "1.0"}}


def test_a_branch_that_is_switched_to_gets_the_statuses_of_the_branch_that_it_names(promoted: Path) -> None:
    git(promoted, "switch", "-qc", "release")
    config = promoted / ".regolo/config.toml"
    config.write_text(config.read_text().replace('branch = "main"', 'branch = "release"'))
    git(promoted, "commit", "-qam", "the registry branch is this one")
    with opened(promoted) as registry:
        registry.promote_model_version("m", "1.1", "production")
    for _ in range(2):
        git(promoted, "switch", "-q", "main")
        assert promotions(promoted) == {"m": {"production": "1.0"}}
        git(promoted, "switch", "-q", "release")
        assert promotions(promoted) == {"m": {"production": "1.1"}}


def test_a_cache_of_the_first_release_is_read_anew(promoted: Path) -> None:
    tip = git(promoted, "rev-parse", "HEAD").strip()
    held = {"branch": "main", "tip": tip, "by_model": {"m": {"1.1.0": "staging"}}, "promotions": {}}
    (promoted / ".git/regolo/statuses.json").write_text(json.dumps(held))
    assert promotions(promoted) == {"m": {"production": "1.0"}}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"branches": 3}', "null"])
def test_a_damaged_cache_is_read_anew(promoted: Path, content: str) -> None:
    (promoted / ".git/regolo/statuses.json").write_text(content)
    assert promotions(promoted) == {"m": {"production": "1.0"}}


def test_the_highest_environment_is_the_status(promoted: Path) -> None:
    with opened(promoted) as registry:
        registry.promote_model_version("m", "1.0", "staging")
        registry.delete_model_version("m", "1.1", reason="wrong data")
        statuses = read_statuses(registry.handle)
    assert [statuses.of("m", identity) for identity in ("1.0.0", "1.1.0", "2.0.0")] == [
        "production",
        "retired",
        "ready",
    ]


def test_a_record_that_cannot_be_read_is_named_also_from_the_cache(promoted: Path) -> None:
    (promoted / "environments/production/m.toml").write_text("format = 1\n")
    git(promoted, "commit", "-qam", "by hand")
    for _ in range(2):
        with pytest.warns(RegoloNotice, match=r"environments/production/m\.toml") as notices:
            assert promotions(promoted) == {"m": {}}
        assert len(notices) == 1


@pytest.mark.parametrize("line", [["list"], ["list", "m"]])
def test_a_list_from_its_cache_imports_neither_git_nor_a_store(promoted: Path, line: list[str]) -> None:
    promotions(promoted)
    code = (
        "import sys; from regolo_git.cli.main import run; run(sys.argv[1:]);"
        "print({'pygit2', 'fsspec', 'dulwich', 'tomlkit'} & set(sys.modules), file=sys.stderr)"
    )
    alone = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", code, *line],
        cwd=promoted,
        env=alone,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "set()\n"
    assert "1.0" in done.stdout
