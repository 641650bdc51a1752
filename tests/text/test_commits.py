"""How a commit and its author read."""

import pytest

from regolo_git.text.commits import person, short


def test_a_commit_is_shown_by_its_first_ten_digits() -> None:
    assert short("0123456789abcdef" * 2) == "0123456789"


@pytest.mark.parametrize(
    ("who", "name"),
    [("Ada Byron <ada@example.com>", "Ada Byron"), ("Ada", "Ada"), (" <a@b>", " <a@b>")],
)
def test_a_person_is_shown_without_the_address(who: str, name: str) -> None:
    assert person(who) == name
