"""The functions of the package: the registry that they find, what `help` shows of them, and threads."""

import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import regolo_git as regolo
from regolo_git.api import Registry


@pytest.fixture
def chosen(registry: Registry) -> Iterator[Path]:
    top = registry.handle.paths.top
    regolo.use(top)
    yield top
    regolo.use(None)


def test_help_shows_what_can_be_given() -> None:
    assert list(inspect.signature(regolo.get_model_version).parameters) == ["model_id", "version"]
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


def test_what_use_chose_holds_in_every_thread(chosen: Path, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
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
