"""What `show` looks up of a version."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from regolo_git.api import Registry
from regolo_git.cli.pages.shown_version import look_up
from regolo_git.errors import NotFound
from regolo_git.records.references import Reference
from regolo_git.registry.usage import User


@pytest.fixture
def one(git_repository: Path) -> Iterator[Registry]:
    with Registry.init(git_repository) as registry:
        registry.register_model("m", b"one", description="a model")
        registry.promote_model_version("m", "1.0", "staging")
        yield registry


def test_a_version_comes_with_its_card_users_and_recipe(one: Registry) -> None:
    shown = look_up(one.handle, Reference.parse("m"))
    assert shown.version.reference == "m@1.0"
    assert shown.card.description == "a model"
    assert shown.users == (User("environment", "staging"),)
    assert shown.recipe is not None
    assert shown.recipe.size == 3


def test_a_version_whose_bytes_are_elsewhere_has_no_recipe(one: Registry) -> None:
    shutil.rmtree(Path(one.handle.store.url, "recipes"))
    assert look_up(one.handle, Reference.parse("m")).recipe is None


def test_a_version_that_is_not_there_is_not_found(one: Registry) -> None:
    with pytest.raises(NotFound):
        look_up(one.handle, Reference.parse("m@2.0"))
