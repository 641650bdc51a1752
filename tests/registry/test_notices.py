"""A warning points at the line of whoever called this package."""

import warnings

import pytest

from regolo_git.api import Registry
from regolo_git.errors import RegoloNotice
from regolo_git.registry.notices import warn


def test_a_warning_points_at_the_callers_line() -> None:
    with pytest.warns(RegoloNotice, match="said") as notices:
        warn("said")
    assert notices[0].filename == __file__


def test_a_warning_from_deep_inside_points_at_the_callers_line(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        registry.create_model_version("m", model_data=b"one")
    assert [notice.filename for notice in notices] == [__file__]
