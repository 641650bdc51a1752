"""The functions of the package: the registry that they find, what `help` shows of them, and threads."""

import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import git

import regolo_git as regolo
from regolo_git.api import Registry
from regolo_git.errors import NotFound


@pytest.fixture
def chosen(registry: Registry) -> Iterator[Path]:
    top = registry.handle.paths.top
    regolo.use(top)
    yield top
    regolo.use(None)


def test_help_shows_what_can_be_given() -> None:
    assert list(inspect.signature(regolo.get_model_version).parameters) == ["model_id", "version", "rev"]
    assert next(iter(inspect.signature(regolo.register_model).parameters)) == "name"


def test_threads_share_the_functions(chosen: Path) -> None:
    regolo.register_model("m", b"one")
    assert [v.version for v in regolo.list_model_versions("m")] == ["1.0"]

    def make(number: int) -> str:
        return regolo.create_model_version("m", model_data=b"%d" % number).version

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(12)))
    assert sorted(made) == sorted(f"1.{minor}" for minor in range(1, 13))
    assert len(regolo.list_model_versions("m")) == 13


def test_the_registry_of_use_holds_in_every_thread(chosen: Path, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    regolo.register_model("m", b"one")
    with ThreadPoolExecutor(1) as pool:
        assert [model.name for model in pool.submit(regolo.list_models).result()] == ["m"]


def test_the_older_name_of_retiring_is_the_same_function(chosen: Path) -> None:
    assert regolo.delete_model_version is regolo.retire_model_version
    assert Registry.delete_model_version is Registry.retire_model_version
    regolo.register_model("m", b"one")
    regolo.create_model_version("m", model_data=b"two")
    regolo.delete_model_version("m", "1.0", reason="wrong data")
    assert regolo.get_model_version("m", "1.0").status == "retired"


def test_the_environment_names_a_registry(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register_model("m", b"one")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound):
        regolo.list_models()
    monkeypatch.setenv("REGOLO_REPO", str(registry.handle.paths.top))
    assert [model.name for model in regolo.list_models()] == ["m"]


def test_the_working_directory_is_looked_at_anew(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register_model("m", b"one")
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "-b", "main", str(other))
    regolo.init(other).close()
    for top, names in ((registry.handle.paths.top, ["m"]), (other, [])):
        monkeypatch.chdir(top)
        assert [model.name for model in regolo.list_models()] == names


def test_use_wins_over_the_environment(chosen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGOLO_REPO", str(tmp_path))
    assert regolo.list_models() == []
