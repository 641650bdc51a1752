"""Where a running engine keeps its sockets and artifacts: closed to others, its own for as long as it runs."""

import stat
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PATIENCE_SECONDS, PYTHON, launch, running_engine

from regolo_git.errors import ServingError
from regolo_git.serving.local.engine import stop
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

pytestmark = pytest.mark.slow  # CI runs it, too


def test_the_admin_socket_is_the_users_alone(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        directory = RuntimeDirectory.of(engine.common)
        for path in (directory.home, directory.sockets, directory.admin_socket):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        (worker,) = directory.sockets.glob("w-*/http.sock")
        assert stat.S_IMODE(worker.stat().st_mode) & 0o077 == 0
        # None of it is to be had from the gateway.
        for page in ("/status", "/drain", "/replace", "/endpoints/e/metrics"):
            assert engine.ask("POST", page).status == 404
            assert engine.ask("GET", page).status == 404
        stop(engine.common)
        assert engine.process.wait(PATIENCE_SECONDS) == 0
    assert not directory.admin_socket.exists()


def test_a_registry_is_served_once(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry):
        process = launch(registry)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 7
        assert "is already being served" in said


def test_a_long_path_to_the_registry_is_no_obstacle(tmp_path: Path) -> None:
    registry = FolderRegistry(tmp_path / ("long-" * 20) / "registry")
    registry.version("1.0", {"serve.py": ECHO}, PYTHON)
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        assert engine.predict([1]).status == 200


def test_a_directory_is_owned_once_and_free_again_afterwards(tmp_path: Path) -> None:
    directory = RuntimeDirectory.of(tmp_path)
    for _ in range(2):
        with directory.owned():
            with pytest.raises(ServingError, match="already being served"), directory.owned():
                pass
            # Whoever was refused has taken nothing away.
            assert directory.home.is_dir()


def test_what_a_killed_engine_left_goes(tmp_path: Path) -> None:
    directory = RuntimeDirectory.of(tmp_path)
    worker = directory.sockets / "w-0123" / "http.sock"
    worker.parent.mkdir(parents=True)
    for left in (worker, directory.admin_socket):
        left.touch()
    kept = directory.artifacts / "digest"
    kept.mkdir(parents=True)
    with directory.owned():
        assert not worker.parent.exists()
        assert not directory.admin_socket.exists()
        assert kept.is_dir()


def test_a_deep_path_has_its_sockets_in_a_short_directory_of_its_own(tmp_path: Path) -> None:
    deep, other = (tmp_path / ("deep-" * 20) / name for name in ("a", "b"))
    directory = RuntimeDirectory.of(deep)
    assert len(str(directory.admin_socket)) < 100
    assert directory.sockets != RuntimeDirectory.of(other).sockets
    with directory.owned():
        assert directory.sockets.is_dir()
    assert not directory.sockets.exists()


def test_a_short_directory_that_is_not_ours_is_not_used(tmp_path: Path) -> None:
    directory = RuntimeDirectory.of(tmp_path / ("deep-" * 20))
    directory.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(ServingError, match="belongs to another user"), directory.owned():
            pass
    finally:
        directory.sockets.unlink()
