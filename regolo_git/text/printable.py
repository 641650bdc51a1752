"""Untrusted text made safe to print: it cannot control a terminal or break a field."""

SURROGATES = range(0xD800, 0xE000)


def printable(text: str) -> str:
    """Escapes control characters and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def one_line(text: str) -> str:
    """Puts text on one line: runs of white space become a space, other unprintable characters are escaped."""
    return text if text.isprintable() else printable(" ".join(text.split()))


def has_lone_surrogate(text: str) -> bool:
    """Whether UTF-8 cannot encode the text."""
    return not text.isascii() and any(ord(character) in SURROGATES for character in text)
