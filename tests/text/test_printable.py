"""Nothing that somebody else wrote steers a terminal or splits a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.text.printable import has_lone_surrogate, one_line, printable, without_controls


@given(st.text(st.characters(codec=None)))
def test_shown_text_can_be_printed(text: str) -> None:
    assert printable(text).isprintable()
    assert one_line(text).isprintable()


@given(st.text(st.characters(codec=None)))
def test_a_text_has_a_lone_surrogate_or_a_form_in_utf_8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        assert has_lone_surrogate(text)
    else:
        assert not has_lone_surrogate(text)


@pytest.mark.parametrize(
    ("text", "escaped", "line"),
    [
        ("Zoë", "Zoë", "Zoë"),
        ("a\nb", "a\\nb", "a b"),
        ("  a \t b ", "  a \\t b ", "a b"),
        ("\x1b[31mred", "\\x1b[31mred", "\\x1b[31mred"),
        ("\u202etxt.exe", "\\u202etxt.exe", "\\u202etxt.exe"),
        ("\ud800", "\\ud800", "\\ud800"),
        ("", "", ""),
    ],
)
def test_unprintable_characters_are_escaped(text: str, escaped: str, line: str) -> None:
    assert printable(text) == escaped
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x00\x1b[0m\x7f\x9b", "\\x00\\x1b[0m\\x7f\\x9b"),
        ("\r\x0b\u2028\u202e\u2066", "\\r\\x0b\\u2028\\u202e\\u2066"),
        ("\ud800", "\\ud800"),
        ("Zoë\u00a0日本\u3000👩\u200d🔬", "Zoë\u00a0日本\u3000👩\u200d🔬"),
    ],
)
def test_controls_are_escaped_and_letters_and_spaces_stay(text: str, shown: str) -> None:
    assert without_controls(text) == shown
