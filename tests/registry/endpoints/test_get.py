"""Endpoints as the registry branch has them."""

import warnings

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, InvalidInput, NotFound, RegoloNotice
from regolo_git.hints import Corrected, Hint


def test_a_broken_file_on_the_branch_is_named(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    top = registered.handle.paths.top
    (top / "endpoints/e.toml").write_text("format = 1\nendpoint = 3\n")
    git(top, "commit", "-qam", "break it")
    with pytest.raises(IntegrityError, match=r"endpoints/e\.toml"):
        registered.get_endpoint("e")


def test_endpoints_are_listed_by_name_and_a_broken_one_is_named(registered: Registry) -> None:
    for name in ("c", "a", "b"):
        registered.create_endpoint(name, "m", "1.0")
    commit_files(registered.handle.paths.top, {"endpoints/b.toml": "no TOML\n"})
    with pytest.warns(RegoloNotice, match=r"endpoints/b\.toml"):
        assert [endpoint.endpoint for endpoint in registered.list_endpoints()] == ["a", "c"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is named once
        assert len(registered.list_endpoints()) == 2


def test_the_nearest_name_is_told_also_if_its_file_is_broken(registered: Registry) -> None:
    registered.create_endpoint("reviews", "m", "1.0")
    commit_files(registered.handle.paths.top, {"endpoints/reviews.toml": "no TOML\n"})
    corrected = Corrected("review", "reviews", Hint("endpoint show", "reviews"))
    for name, hint in (("review", corrected), ("other", Hint("endpoint list"))):
        with pytest.raises(NotFound) as caught:
            registered.get_endpoint(name)
        assert caught.value.hint == hint


def test_a_name_that_no_endpoint_can_have_is_refused(registered: Registry) -> None:
    with pytest.raises(InvalidInput):
        registered.get_endpoint("../models/m/manifest")
