"""A server that follows a remote: commits and tags come, and a remote that fails changes nothing."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git, new_repository
from support.running_engine import until
from support.running_registry import ServedRegistry, serving

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.handle import Handle
from regolo_git.serving.registry_source import RegistrySource
from regolo_git.serving.remote_follower import RemoteFollower, fetch_state, followed_remote, remote_head


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Registry]:
    """Versions 1.0 and 1.1 of `m`, and endpoint `e` on 1.0."""
    with Registry.init(new_repository(tmp_path / "upstream")) as registry:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        registry.create_endpoint("e", "m", "1.0")
        yield registry


@pytest.fixture
def top(upstream: Registry, tmp_path: Path) -> Path:
    return clone(upstream.handle.paths.top, tmp_path / "server")


@pytest.fixture
def handle(top: Path) -> Iterator[Handle]:
    with closing(Handle.open(top, os.environ)) as opened:
        yield opened


def head(registry: Registry, branch: str = "main") -> str:
    return git(registry.handle.paths.top, "rev-parse", branch).strip()


def test_the_head_is_that_of_the_remote_as_last_fetched(
    upstream: Registry, handle: Handle, tmp_path: Path
) -> None:
    source = RegistrySource(lambda: handle, tmp_path / "files", followed_remote(handle))
    before = source.head()
    upstream.update_endpoint_traffic("e", {"1.1": 100})
    assert source.head() == before
    fetch_state(handle, "origin")
    assert source.head() == head(upstream)
    assert source.endpoints(source.head()).by_name["e"].whole == "1.1"
    assert git(handle.paths.top, "rev-parse", "main").strip() == before  # the branch of the clone stays


def test_the_tags_of_the_models_at_endpoints_come_along(upstream: Registry, handle: Handle) -> None:
    upstream.register_model("other", b"not served")
    upstream.create_model_version("m", "1.3", model_data=b"four")
    fetch_state(handle, "origin")
    tags = git(handle.paths.top, "tag").split()
    assert "m@v1.3" in tags
    assert "other@v1.0" not in tags


def test_an_operations_branch_is_found_by_the_configuration_of_the_remote(
    upstream: Registry, handle: Handle
) -> None:
    change_setting(upstream.handle, "registry.operations", "ops")
    upstream.update_endpoint_traffic("e", {"1.1": 100})
    fetch_state(handle, "origin")
    assert remote_head(handle, "origin") == head(upstream, "ops")


def test_a_broken_configuration_is_followed_by_its_repair(upstream: Registry, handle: Handle) -> None:
    place = upstream.handle.paths.top
    good = (place / ".regolo/config.toml").read_text()
    commit_files(place, {".regolo/config.toml": "format = [\n"})
    fetch_state(handle, "origin")
    with pytest.raises(IntegrityError):
        remote_head(handle, "origin")
    repaired = commit_files(place, {".regolo/config.toml": good})
    fetch_state(handle, "origin")
    assert remote_head(handle, "origin") == repaired


def test_a_clone_without_a_remote(upstream: Registry) -> None:
    with pytest.raises(NotFound, match="no remote to fetch from"):
        followed_remote(upstream.handle)


def test_a_problem_is_said_once_and_its_end_too(upstream: Registry, top: Path, tmp_path: Path) -> None:
    place, said = upstream.handle.paths.top, list[str]()
    place.rename(tmp_path / "away")
    follower = RemoteFollower(lambda: Handle.open(top, os.environ), "origin", 0.05, said.append)
    with follower.running():
        assert len(said) == 1
        assert said[0].startswith("'origin' is not followed: remote 'origin': ")
        (tmp_path / "away").rename(place)
        until(lambda: len(said) == 2)
        assert said[1] == "'origin' is followed again"
        until(lambda: git(top, "rev-parse", "origin/main"))
    assert len(said) == 2


@pytest.mark.slow
def test_a_server_follows_what_is_pushed_and_survives_the_remote(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    for version in ("1.0", "1.1", "1.2"):
        served.version(version)
    first = served.endpoint("1.0")
    top = clone(served.top, tmp_path / "server")
    store, theirs = top / ".git/regolo/store", served.top / ".git/regolo/store"
    shutil.copytree(theirs, store)
    with serving(top, "--fetch", "1") as engine:
        engine.until_serving("e", first)
        engine.until_serving("e", served.traffic({"1.1": 100}))
        # The bytes of a version come later than the commit that gives it traffic.
        hidden = tmp_path / "hidden"
        (store / "chunks").rename(hidden)
        latest = served.traffic({"1.2": 100})
        until(lambda: "is missing" in str(engine.status("e")["problem"]))
        answer = engine.predict([[1]])
        assert (answer.status, answer.headers["x-model-version"]) == (200, "1.1")
        hidden.rename(store / "chunks")
        engine.until_serving("e", latest)
        # A remote that is gone stops nothing, and is followed once it is back.
        served.top.rename(tmp_path / "away")
        assert engine.predict([[1]]).status == 200
        (tmp_path / "away").rename(served.top)
        engine.until_serving("e", served.traffic({"1.0": 100}))


@pytest.mark.slow
def test_the_content_comes_from_the_shared_store(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry", tmp_path / "team")
    served.version("1.0")
    served.endpoint("1.0")
    host = tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(served.top), str(host))
    git(served.top, "remote", "add", "origin", str(host))
    served.registry.push(yes=True)
    top = clone(host, tmp_path / "server")
    with Registry.open(top) as there:
        there.confirm_store(str(tmp_path / "team"))
    with serving(top, "--fetch", "1") as engine:
        engine.until_serving("e", served.head)
        served.version("1.1")
        served.registry.push()
        served.registry.update_endpoint_traffic("e", {"1.1": 100}, push=True)
        engine.until_serving("e", served.head)
        assert engine.predict([[1]]).headers["x-model-version"] == "1.1"
