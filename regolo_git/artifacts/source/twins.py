"""Names that are one name on a file system that ignores case or normalizes Unicode, as that of macOS does."""

import unicodedata
from collections.abc import Iterable


def alike_names(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths, of files or of their directories, that differ only in case or in Unicode form."""
    seen: dict[str, str] = {}
    pairs = []
    checked: set[str] = set()
    for path in paths:
        for part in _prefixes(path):
            if part in checked:
                continue
            checked.add(part)
            first = seen.setdefault(folded(part), part)
            if first != part:
                pairs.append((first, part))
    return pairs


def difference(first: str, second: str) -> str:
    """How two such names differ: "case", "Unicode form", or both."""
    one, other = unicodedata.normalize("NFC", first), unicodedata.normalize("NFC", second)
    if one == other:
        return "Unicode form"
    return "case" if first.casefold() == second.casefold() else "case and Unicode form"


def folded(path: str) -> str:
    """The form in which such a file system compares a path."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _prefixes(path: str) -> Iterable[str]:
    """The path and the directories above it."""
    yield path
    while (at := path.rfind("/")) >= 0:
        path = path[:at]
        yield path
