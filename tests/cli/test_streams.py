"""Which stream gets colour and signs."""

import sys

import pytest

from regolo_git.cli.streams import signs, takes_colour


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"FORCE_COLOR": "0", "CLICOLOR_FORCE": "1"}, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_the_other_names_for_colour_are_known(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert takes_colour(sys.stdout) is coloured


def test_our_own_signs_have_a_form_in_ascii() -> None:
    assert signs("1.0 → 1.1 …") == "1.0 -> 1.1 ..."
