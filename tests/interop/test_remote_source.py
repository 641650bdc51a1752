"""`regolo://` with the URL of a registry, and no clone of it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.git_program import git, new_repository
from support.places import PYTHONPATH
from support.servers.git_http import PASSWORD, USER, GitHttp
from support.team import send_all

from regolo_git import InvalidInput, NotFound, Registry, TransportError
from regolo_git.errors import StoreUnconfirmed
from regolo_git.interop.filesystem import RegoloFileSystem
from regolo_git.registry.sync.push import push

pytestmark = pytest.mark.slow

WEIGHTS = noise("weights", 3 << 20)
Open = Callable[..., RegoloFileSystem]


@pytest.fixture
def host(publisher: Registry, tmp_path: Path) -> Path:
    """A bare repository that has `m@1.0`, whose bytes are in the shared store only."""
    top = tmp_path / "files"
    top.mkdir()
    (top / "weights.bin").write_bytes(WEIGHTS)
    publisher.register_model("m", top)
    send_all(publisher)
    git(tmp_path, "clone", "-q", "--bare", str(publisher.handle.paths.top), "host.git")
    git(publisher.handle.paths.top, "remote", "add", "origin", str(tmp_path / "host.git"))
    return tmp_path / "host.git"


@pytest.fixture
def opened(host: Path, tmp_path: Path) -> Open:
    """The filesystem, as another process opens it."""

    def new(**options: object) -> RegoloFileSystem:
        settings = {"registry": str(host), "cache": str(tmp_path / "cache"), "trust_store": True, **options}
        return RegoloFileSystem(skip_instance_cache=True, **settings)

    return new


def publish(publisher: Registry, content: bytes) -> None:
    publisher.create_model_version("m", model_data=content)
    with Registry.open(publisher.handle.paths.top) as again:
        push(again.handle)


def test_files_are_read_without_a_clone(opened: Open) -> None:
    files = opened()
    assert files.find("") == ["m@1.0/weights.bin"]
    assert files.cat_file("m@latest/weights.bin", 1_000_000, 1_000_100) == WEIGHTS[1_000_000:1_000_100]
    with files.open("m@1.0/weights.bin") as file:
        assert file.read() == WEIGHTS


def test_the_store_is_used_only_if_it_is_trusted(opened: Open, team: Path) -> None:
    for answer in (False, "s3://others/models"):
        with pytest.raises(StoreUnconfirmed) as caught:
            opened(trust_store=answer).cat_file("m@1.0/weights.bin")
        assert caught.value.hint == f'pass trust_store="{team}"'
    assert opened(trust_store=str(team)).cat_file("m@1.0/weights.bin") == WEIGHTS


def test_pushed_versions_are_found(opened: Open, publisher: Registry) -> None:
    first, second = opened(), opened()
    assert first.ls("", detail=False) == second.ls("", detail=False) == ["m@1.0"]
    publish(publisher, b"second")
    publisher.promote_model_version("m", "1.1", "production", new_environment=True)
    with Registry.open(publisher.handle.paths.top) as again:
        push(again.handle)
    third = opened()
    assert third.cat_file("m@latest") == b"second"
    assert third.cat_file("m@production") == b"second"
    first.invalidate_cache()
    assert first.cat_file("m@1.1") == b"second"
    second.invalidate_cache()
    assert second.ls("", detail=False) == ["m@1.0", "m@1.1"]


def test_a_rewritten_branch_is_followed(opened: Open, publisher: Registry, host: Path) -> None:
    publish(publisher, b"second")
    publisher.promote_model_version("m", "1.1", "production", new_environment=True)
    with Registry.open(publisher.handle.paths.top) as again:
        push(again.handle)
    assert opened().exists("m@production")
    git(host, "update-ref", "refs/heads/main", "refs/heads/main~1")
    assert not opened().exists("m@production")


def test_a_known_version_is_read_while_the_remote_is_unreachable(opened: Open, host: Path) -> None:
    assert opened().exists("m@1.0/weights.bin")
    host.rename(host.with_name("away"))
    files = opened()
    assert files.cat_file("m@1.0/weights.bin") == WEIGHTS
    for path in ("m@latest/weights.bin", "m@1.7"):
        with pytest.raises((TransportError, NotFound)) as caught:
            files.exists(path)
        assert not isinstance(caught.value, FileNotFoundError)


def test_a_killed_clone_is_made_again(opened: Open, tmp_path: Path) -> None:
    assert opened().exists("m@1.0")
    (place,) = (tmp_path / "cache").glob("*/")
    unfinished = place.with_suffix(".new")
    place.rename(unfinished)
    shutil.rmtree(unfinished / ".git" / "objects")
    assert opened().cat_file("m@1.0/weights.bin") == WEIGHTS
    assert not unfinished.exists()


SLOW_GIT = """#!/bin/sh
case " $* " in *" clone "*)
    for last; do :; done
    mkdir -p "$last" && touch begun
    for number in $(seq 100); do touch "$last/$number"; sleep 0.01; done
    touch ended
esac
exec {git} "$@"
"""


def test_a_git_that_goes_on_after_its_process_was_killed_is_waited_for(
    opened: Open, host: Path, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text(SLOW_GIT.format(git=shutil.which("git")))
    (programs / "git").chmod(0o755)
    code = f"import fsspec; fsspec.filesystem('regolo', registry={str(host)!r}, cache={str(tmp_path / 'cache')!r}).ls('')"
    environment = {
        **os.environ,
        "PYTHONPATH": PYTHONPATH,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    killed = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    while not (tmp_path / "begun").exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    assert opened().cat_file("m@1.0/weights.bin") == WEIGHTS
    assert (tmp_path / "ended").exists()


def _read(options: dict[str, object]) -> bytes:
    return RegoloFileSystem(**options).cat_file("m@1.0/weights.bin", 0, 10)


def test_several_processes_share_the_cache(opened: Open) -> None:
    options = opened().storage_options
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        assert set(pool.map(_read, [options] * 3)) == {WEIGHTS[:10]}


def test_a_missing_registry_is_reported(tmp_path: Path, opened: Open) -> None:
    new_repository(tmp_path / "empty.git", "--bare")
    with pytest.raises(NotFound, match=r"empty\.git' is not a model registry"):
        opened(registry=str(tmp_path / "empty.git")).ls("")
    with pytest.raises((NotFound, TransportError)):
        opened(registry=str(tmp_path / "lost.git")).ls("")
    with pytest.raises((NotFound, TransportError)):
        opened(registry="--upload-pack=touch /tmp/x").ls("")
    with pytest.raises(InvalidInput, match="empty"):
        opened(registry="")
    with pytest.raises(InvalidInput, match="either"):
        opened(repo=str(tmp_path))
    assert not [place for place in (tmp_path / "cache").iterdir() if place.suffix != ".lock"]


def test_the_cache_is_in_the_home_directory(
    host: Path, isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    files = RegoloFileSystem(registry=host, trust_store=True, skip_instance_cache=True)
    assert files.isfile("m@1.0/weights.bin")
    assert list((tmp_path / "caches" / "regolo" / "registries").glob("*/.git"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHttp]:
    with GitHttp(tmp_path).running() as running:
        yield running


def test_a_registry_is_read_over_http(opened: Open, server: GitHttp, host: Path, isolated: Path) -> None:
    helper = f"!f() {{ echo username={USER}; echo 'password={PASSWORD}'; }}; f"
    url = server.url(host)
    with pytest.raises(TransportError):
        opened(registry=url).ls("")
    git(isolated, "config", "--global", "credential.helper", helper)
    assert opened(registry=url).cat_file("m@latest/weights.bin") == WEIGHTS


def test_no_git_program_is_needed(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert opened().cat_file("m@latest/weights.bin") == WEIGHTS


def test_locks_of_a_git_that_was_killed_in_the_cache_go(
    opened: Open, publisher: Registry, tmp_path: Path
) -> None:
    assert opened().exists("m@1.0")
    (place,) = (tmp_path / "cache").glob("*/")
    for lock in ("refs/remotes/origin/main.lock", "refs/tags/m@v1.1.lock", "packed-refs.lock"):
        (place / ".git" / lock).parent.mkdir(exist_ok=True)
        (place / ".git" / lock).touch()
    publish(publisher, b"second")
    assert opened().cat_file("m@latest") == b"second"
    assert not list((place / ".git" / "refs").rglob("*.lock"))
