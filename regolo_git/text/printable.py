"""Untrusted text made safe to print: it cannot control a terminal or break a field."""

import re

SURROGATES = range(0xD800, 0xE000)
# Control characters but tab and line feed, line separators, what turns the direction of text around or has no
# width, lone surrogates.  Joiners stay between letters and signs of scripts that have them.
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def printable(text: str) -> str:
    """Escapes control characters and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def without_controls(text: str) -> str:
    """The text with control characters escaped; letters, spaces and signs of any script stay as they are."""
    if _is_plain(text):
        return text
    return CONTROLS.sub(lambda found: printable(found[0]), text)


def in_json(document: str) -> str:
    """A JSON document that has no control characters either: each is written as JSON escapes it."""
    if _is_plain(document):
        return document
    return CONTROLS.sub(lambda found: _json_escape(found[0]), document)


def _is_plain(text: str) -> bool:
    """Whether it surely has nothing to escape, as almost every text; much faster than the pattern."""
    return text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def one_line(text: str) -> str:
    """Puts text on one line: runs of white space become a space, other unprintable characters are escaped."""
    return text if text.isprintable() else printable(" ".join(text.split()))


def has_lone_surrogate(text: str) -> bool:
    """Whether UTF-8 cannot encode the text."""
    return not text.isascii() and any(ord(character) in SURROGATES for character in text)
