"""Content that an earlier version has: said, or refused where that version was retired."""

import warnings

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, RegoloNotice


@pytest.fixture
def three(registry: Registry, once: Once) -> Registry:

    def build() -> None:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        registry.create_model_version("m", model_data=b"three")

    once(build)
    return registry


def test_content_of_an_older_version_is_a_notice(three: Registry) -> None:
    with pytest.warns(RegoloNotice, match=r"'m@1\.3' has the same content as version '1\.0'$"):
        three.create_model_version("m", model_data=b"one")


def test_content_of_a_retired_version_needs_a_parameter(three: Registry) -> None:
    three.retire_model_version("m", "1.0", reason="trained on the test set")
    before = git(three.handle.paths.top, "for-each-ref")
    for version in (None, "1.0.1", "prod-1.0"):
        with pytest.raises(Conflict, match=r"'m@1\.0', which was retired: trained on the test") as caught:
            three.create_model_version("m", version, model_data=b"one")
        assert "allow_retired=True" in str(caught.value.hint)
    assert git(three.handle.paths.top, "for-each-ref") == before
    with pytest.warns(RegoloNotice, match="which was retired: trained on the test set"):
        three.create_model_version("m", model_data=b"one", allow_retired=True)


def test_a_retired_version_is_named_although_another_has_its_content(three: Registry) -> None:
    with pytest.warns(RegoloNotice):
        three.create_model_version("m", "2.0", model_data=b"two")
    three.retire_model_version("m", "1.1", reason="biased")
    with pytest.raises(Conflict, match=r"'m@1\.1', which was retired: biased"):
        three.create_model_version("m", model_data=b"two")


def test_a_retired_version_is_not_a_source_without_the_parameter(three: Registry) -> None:
    three.retire_model_version("m", "1.0", reason="wrong data")
    source = three.get_model_version("m", "1.0")
    with pytest.raises(Conflict, match="wrong data"):
        three.create_model_version("m", model_data=source)


def test_an_environments_name_or_a_chosen_source_is_worth_no_word(three: Registry) -> None:
    source = three.get_model_version("m", "1.0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        three.create_model_version("m", "prod-1.0", model_data=b"one")
        three.create_model_version("m", "1.0.1", model_data=source)
