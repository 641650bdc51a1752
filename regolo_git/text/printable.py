"""Text that somebody else wrote, made safe to print: nothing in it steers a terminal or splits a field."""

SURROGATES = range(0xD800, 0xE000)


def printable(text: str) -> str:
    """The text with control characters and lone surrogates escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def one_line(text: str) -> str:
    """The text on one line: a run of white space becomes a space, what else cannot be printed is escaped."""
    return text if text.isprintable() else printable(" ".join(text.split()))


def has_lone_surrogate(text: str) -> bool:
    """Whether the text has no UTF-8 form."""
    return not text.isascii() and any(ord(character) in SURROGATES for character in text)
