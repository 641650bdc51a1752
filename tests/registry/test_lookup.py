"""From a reference to a version, and what is said of one that is not there."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.references import Reference
from regolo_git.registry.lookup import (
    find_row,
    get_version,
    get_version_to_use,
    list_versions,
    model_rows,
    read_version_manifest,
    untagged_models,
)
from regolo_git.registry.versions.merged import tag_merged


@pytest.fixture
def models(registry: Registry, once: Once) -> Registry:
    """Versions 1.0, 1.1 and 2.0-rc.1 of `sentiment`, with 1.0 in production."""

    def build() -> None:
        registry.register_model("sentiment", b"one")
        registry.create_model_version("sentiment", model_data=b"two")
        registry.create_model_version("sentiment", "2.0.0-rc.1", model_data=b"three")
        registry.promote_model_version("sentiment", "1.0", "production")

    once(build)
    return registry


def found(registry: Registry, text: str) -> str:
    return find_row(registry.handle, Reference.parse(text)).version


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("sentiment", "1.1"),
        ("sentiment@latest", "1.1"),
        ("sentiment@production", "1.0"),
        ("sentiment@1.0.0", "1.0"),
        ("sentiment@v1.1", "1.1"),
        ("sentiment@2.0-rc.1", "2.0-rc.1"),
    ],
)
def test_a_reference_means_one_version(models: Registry, reference: str, version: str) -> None:
    assert found(models, reference) == version


@pytest.mark.parametrize(
    ("reference", "words", "hint"),
    [
        ("sentimnet", "there is no model 'sentimnet'", "git regolo show sentiment"),
        ("other", "there is no model 'other'", "git regolo list"),
        (
            "sentiment@3.0",
            "has no version '3.0' (newest: 2.0-rc.1, 1.1, 1.0)",
            "git regolo list sentiment",
        ),
        (
            "sentiment@staging",
            "no version of 'sentiment' is promoted to 'staging'",
            "git regolo promote sentiment@1.1 staging",
        ),
        (
            "sentiment@producton",
            "no version of 'sentiment' is promoted to 'producton'",
            "git regolo show sentiment@production",
        ),
        ("sentiment@canary", "is promoted to 'canary'", "git regolo list sentiment"),
    ],
)
def test_what_is_not_there_is_reported_with_the_nearest_that_is(
    models: Registry, reference: str, words: str, hint: str
) -> None:
    with pytest.raises(NotFound) as caught:
        found(models, reference)
    assert words in caught.value.message
    assert str(caught.value.hint) == hint


def test_a_model_without_a_release_has_no_latest(registry: Registry) -> None:
    registry.register_model("m", b"one", version="1.0.0-rc.1")
    with pytest.raises(NotFound, match=r"no release yet, only 1\.0\.0-rc\.1") as caught:
        found(registry, "m")
    assert str(caught.value.hint) == "git regolo show m@1.0.0-rc.1"


def test_a_clone_without_tags_says_how_to_get_them(models: Registry, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--no-tags", str(models.handle.paths.top), "clone")
    with Registry.open(tmp_path / "clone") as clone:
        assert untagged_models(clone.handle) == ["sentiment"]
        with pytest.raises(NotFound, match="has no version tag in this clone") as caught:
            model_rows(clone.handle, "sentiment")
    assert str(caught.value.hint).startswith("git fetch --tags")


def test_a_version_whose_tag_was_deleted_is_not_called_unknown(models: Registry) -> None:
    git(models.handle.paths.top, "tag", "-d", "sentiment@v1.0")
    with pytest.raises(NotFound, match=r"'sentiment@1\.0' has no tag in this clone") as caught:
        found(models, "sentiment@1.0")
    assert "git regolo tag --merged" in str(caught.value.hint)
    tag_merged(models.handle)
    assert found(models, "sentiment@1.0") == "1.0"


def test_a_version_whose_tag_was_moved_is_not_fetched_but_checked(models: Registry) -> None:
    git(models.handle.paths.top, "tag", "--force", "sentiment@v1.0", "sentiment@v1.1")
    with pytest.raises(NotFound, match=r"tag 'sentiment@v1\.0' is of something else") as caught:
        found(models, "sentiment@1.0")
    assert str(caught.value.hint) == "git regolo fsck"


def test_versions_are_listed_lowest_first_with_their_status(models: Registry) -> None:
    models.delete_model_version("sentiment", "1.1", reason="wrong data")
    listed = list_versions(models.handle, "sentiment")
    assert [(version.version, version.status) for version in listed] == [
        ("1.0", "production"),
        ("1.1", "retired"),
        ("2.0-rc.1", "ready"),
    ]


def test_a_manifest_is_read_by_its_reference(models: Registry) -> None:
    manifest = read_version_manifest(models.handle, Reference.parse("sentiment@production"))
    assert (manifest.model, manifest.version) == ("sentiment", "1.0")


def test_who_uses_a_version_needs_the_list_of_retired_ones_and_who_looks_does_not(models: Registry) -> None:
    models.delete_model_version("sentiment", "1.1", reason="wrong data")
    reference = Reference.parse("sentiment@1.1")
    assert get_version_to_use(models.handle, reference).status == "retired"
    assert get_version_to_use(models.handle, Reference.parse("sentiment@1.0")).status == "ready"
    top = models.handle.paths.top
    (top / "models/sentiment/retired.toml").write_text("format = 2\n")
    git(top, "commit", "-qam", "by a newer release")
    with pytest.warns(UserWarning, match=r"models/sentiment/retired\.toml"):
        assert get_version(models.handle, reference).version == "1.1"
    with pytest.raises(IntegrityError, match=r"models/sentiment/retired\.toml"):
        get_version_to_use(models.handle, reference)


def test_versions_are_listed_in_their_order(two_versions: Registry) -> None:
    two_versions.create_model_version("m", "1.10", model_data=b"ten")
    two_versions.create_model_version("m", "1.9", model_data=b"nine")
    two_versions.create_model_version("m", "2.0-rc.1", model_data=b"rc")
    assert [v.version for v in two_versions.list_model_versions("m")] == [
        "1.0",
        "1.1",
        "1.9",
        "1.10",
        "2.0-rc.1",
    ]
    assert two_versions.get_model_version("m").version == "1.10"


def test_an_unknown_model_comes_with_the_nearest_name(two_versions: Registry) -> None:
    two_versions.register_model("sentiment", b"one")
    with pytest.raises(NotFound) as caught:
        two_versions.get_model_version("sentimnt")
    assert str(caught.value.hint) == "git regolo show sentiment"


def test_a_reference_to_an_environment_without_a_version_says_how_to_promote(two_versions: Registry) -> None:
    with pytest.raises(NotFound) as caught:
        two_versions.get_model_version("m", "production")
    assert str(caught.value.hint) == "git regolo promote m@1.1 production"
    assert Reference.parse("m@production").environment == "production"
