"""The colour of a status."""

import pytest

from regolo_git.cli.pages.status_style import status_colour


@pytest.mark.parametrize(
    ("status", "colour"),
    [("ready", ""), ("retired", "dim"), ("proposed", "yellow"), ("production", "green")],
)
def test_a_version_in_use_is_green(status: str, colour: str) -> None:
    assert status_colour(status) == colour
