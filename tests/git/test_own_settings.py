"""Values of the repository's own configuration, changed beside other programs and after a kill."""

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened

from regolo_git.errors import IntegrityError, LostRace
from regolo_git.git import own_settings
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.own_settings import (
    add_own_value,
    changed_configuration,
    own_values,
    remove_own_values,
    set_own_value,
)
from regolo_git.git.recovery import recover

KEY = "regolo.test"


@pytest.fixture
def paths(git_repository: Path) -> RepositoryPaths:
    return opened(git_repository).paths


def configured(paths: RepositoryPaths) -> list[str]:
    return git(paths.common_dir, "config", "--get-all", KEY, check=False).split()


def locks(paths: RepositoryPaths) -> list[Path]:
    return list(paths.common_dir.rglob("*.lock"))


def killed_while_it_changes(paths: RepositoryPaths) -> None:
    child = os.fork()
    if not child:
        with changed_configuration(paths) as config:
            config[KEY] = "half"
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert locks(paths) == [paths.common_dir / "config.lock"]


def test_git_reads_what_is_set_added_and_removed(paths: RepositoryPaths) -> None:
    set_own_value(paths, KEY, "one")
    assert configured(paths) == ["one"]
    add_own_value(paths, KEY, "two")
    assert configured(paths) == own_values(paths, KEY) == ["one", "two"]
    remove_own_values(paths, KEY)
    set_own_value(paths, KEY, None)
    assert configured(paths) == own_values(paths, KEY) == []
    assert locks(paths) == []


def test_the_next_change_removes_the_lock_of_a_killed_one(paths: RepositoryPaths) -> None:
    killed_while_it_changes(paths)
    set_own_value(paths, KEY, "whole")
    assert configured(paths) == ["whole"]
    assert locks(paths) == []


def test_the_next_write_of_anything_removes_it_so_that_git_may_go_on(paths: RepositoryPaths) -> None:
    killed_while_it_changes(paths)
    recover(opened(paths.top))
    assert locks(paths) == []
    git(paths.top, "config", KEY, "of git")
    assert own_values(paths, KEY) == ["of git"]


def test_the_lock_of_another_program_is_waited_for_and_stays(
    paths: RepositoryPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = paths.common_dir / "config.lock"
    lock.touch()
    monkeypatch.setattr(own_settings, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(LostRace, match="git's configuration: another program holds the lock"):
        set_own_value(paths, KEY, "mine")
    assert lock.exists()
    monkeypatch.setattr(own_settings, "PATIENCE_SECONDS", 60.0)
    threading.Timer(0.05, lock.unlink).start()
    set_own_value(paths, KEY, "mine")
    assert configured(paths) == ["mine"]


def test_git_cannot_write_meanwhile(paths: RepositoryPaths) -> None:
    with changed_configuration(paths) as config:
        config[KEY] = "ours"
        done = subprocess.run(
            ["git", "config", KEY, "of git"], cwd=paths.top, capture_output=True, check=False
        )
        assert b"could not lock config file" in done.stderr
    assert configured(paths) == ["ours"]


def test_an_error_changes_nothing(paths: RepositoryPaths) -> None:
    before = (paths.common_dir / "config").read_bytes()
    with pytest.raises(IntegrityError, match="no section"), changed_configuration(paths) as config:
        config[KEY], config["no section"] = "half", "value"
    assert (paths.common_dir / "config").read_bytes() == before
    assert locks(paths) == []


def test_threads_that_add_values_at_once_lose_none(paths: RepositoryPaths) -> None:
    wanted = [str(number) for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda value: add_own_value(paths, KEY, value), wanted))
    assert sorted(configured(paths)) == sorted(wanted)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_file_keeps_its_mode(paths: RepositoryPaths, mode: int) -> None:
    file = paths.common_dir / "config"
    file.chmod(mode)
    set_own_value(paths, KEY, "value")
    assert file.stat().st_mode & 0o777 == mode


def test_a_link_stays_one(paths: RepositoryPaths, tmp_path: Path) -> None:
    file, target = paths.common_dir / "config", tmp_path / "kept" / "config"
    target.parent.mkdir()
    file.rename(target)
    file.symlink_to(target)
    set_own_value(paths, KEY, "value")
    assert file.is_symlink()
    assert configured(paths) == ["value"]
