"""In a shallow clone, what depends on older commits is refused, and what does not is right."""

from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git
from support.registry_fixtures import without_environments

from regolo_git.api import Registry
from regolo_git.errors import NotFound
from regolo_git.registry.endpoints.history import endpoint_history
from regolo_git.registry.environments.history import promotion_history
from regolo_git.registry.reachable import Unreadable, all_needs


@pytest.fixture
def upstream(registered: Registry) -> Path:
    """An endpoint at 1.0, then 1.1; a promotion of each; and a commit of code."""
    top = registered.handle.paths.top
    registered.promote_model_version("m", "1.0", "staging")
    registered.promote_model_version("m", "1.1", "staging")
    registered.create_endpoint("e", "m", "1.0")
    registered.update_endpoint_traffic("e", {"1.1": 1})
    commit_files(top, {"code.py": "1\n"})
    return top


def shallow(upstream: Path, to: Path, depth: int) -> Registry:
    top = clone(upstream, to, f"--depth={depth}")
    git(top, "fetch", "-q", "--tags")
    git(top, "config", "regolo.store", str(upstream / ".git/regolo/store"))
    return Registry.open(top)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_rollback_that_needs_older_commits_is_refused(upstream: Path, tmp_path: Path, depth: int) -> None:
    with shallow(upstream, tmp_path / "clone", depth) as registry:
        before = git(tmp_path / "clone", "for-each-ref")
        with pytest.raises(NotFound, match="this clone is shallow: it lacks the history") as caught:
            registry.rollback_endpoint("e")
        assert str(caught.value.hint) == "git fetch --unshallow --tags"
        assert git(tmp_path / "clone", "for-each-ref") == before


def test_a_rollback_whose_commits_are_all_here_is_done(upstream: Path, tmp_path: Path) -> None:
    with shallow(upstream, tmp_path / "clone", 7) as registry:
        with pytest.raises(NotFound, match="shallow"):
            endpoint_history(registry.handle, "e")  # it may have been deleted and created again before
        assert registry.rollback_endpoint("e").traffic == {"1.0": 1.0}


def test_a_history_that_is_cut_off_is_not_shown_as_whole(upstream: Path, tmp_path: Path) -> None:
    with shallow(upstream, tmp_path / "clone", 4) as registry:
        for environment in ("staging", None):
            with pytest.raises(NotFound, match="shallow"):
                promotion_history(registry.handle, "m", environment)
        git(tmp_path / "clone", "fetch", "-q", "--unshallow", "--tags")
    with Registry.open(tmp_path / "clone") as registry:
        assert len(promotion_history(registry.handle, "m")) == 2


def test_a_rule_is_met_by_a_promotion_that_is_here_and_open_otherwise(upstream: Path, tmp_path: Path) -> None:
    config = upstream / ".regolo/config.toml"
    text = (
        without_environments(config.read_text())
        + '\n[environments.staging]\n[environments.production]\nrequires = ["staging"]\n'
    )
    commit_files(upstream, {".regolo/config.toml": text})
    with shallow(upstream, tmp_path / "clone", 1) as registry:
        with pytest.raises(NotFound, match="shallow"):
            registry.promote_model_version("m", "1.0", "production")
        assert registry.promote_model_version("m", "1.1", "production").version == "1.1"


def test_what_a_shallow_clone_needs_is_not_known(upstream: Path, tmp_path: Path) -> None:
    with shallow(upstream, tmp_path / "clone", 1) as registry:
        unknown = [need for need in all_needs(registry.handle) if isinstance(need, Unreadable)]
    assert ["shallow" in need.error.message for need in unknown] == [True]
