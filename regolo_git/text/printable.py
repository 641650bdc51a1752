"""Untrusted text made safe to print: it cannot control a terminal or break a field."""

import re

SURROGATES = range(0xD800, 0xE000)
# Control characters but tab and line feed, line separators, what turns the direction of text around, lone
# surrogates.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Escapes control characters and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def without_controls(text: str) -> str:
    """The text with control characters escaped; letters, spaces and signs of any script stay as they are."""
    return CONTROLS.sub(lambda found: printable(found[0]), text)


def one_line(text: str) -> str:
    """Puts text on one line: runs of white space become a space, other unprintable characters are escaped."""
    return text if text.isprintable() else printable(" ".join(text.split()))


def has_lone_surrogate(text: str) -> bool:
    """Whether UTF-8 cannot encode the text."""
    return not text.isascii() and any(ord(character) in SURROGATES for character in text)
