"""Suggestions for a mistyped name.

A wrong suggestion is worse than none: `demo` for `demote`, `--json` for `--sort`.  So a name is suggested
only if typos explain the difference (a letter left out, added, changed, or swapped with the next one; one
typo for every four letters), or if the user typed only the beginning of it.  The similarity that `difflib`
computes finds too much in short words.
"""

from collections.abc import Iterable

LETTERS_PER_TYPO = 4
MOST_TYPOS = 4  # each makes the search four times as long
SHORTEST_BEGINNING = 3  # too many names begin with fewer letters


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` was probably meant to be; None if there is no such name."""
    typed = name.casefold()
    near = [(away, other) for other in names if (away := _distance(typed, other.casefold())) is not None]
    return min(near, key=lambda found: found[0])[1] if near else None


def nearest_few(name: str, names: Iterable[str], *, most: int) -> list[str]:
    """Up to `most` of `names` for the user to choose from, most similar first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only needed after a mistake

    return get_close_matches(name, list(names), n=most)


def _distance(typed: str, other: str) -> int | None:
    """The number of typos, or of missing letters; None if neither explains the difference."""
    longer = max(len(typed), len(other))
    most = min(max(1, longer // LETTERS_PER_TYPO), MOST_TYPOS)
    typos = _typos(typed, other, most)
    if typos is not None and 2 * typos <= longer:
        return typos
    begins = len(typed) >= SHORTEST_BEGINNING and other.startswith(typed)
    return len(other) - len(typed) + most if begins else None  # a typo is more likely than a missing end


def _typos(a: str, b: str, most: int) -> int | None:
    """How many typos turn `a` into `b`; None if more than `most`."""
    same = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[same:], b[same:]
    if not a or not b:
        return len(a) + len(b) if len(a) + len(b) <= most else None
    if not most:
        return None
    rests = [(a[1:], b), (a, b[1:]), (a[1:], b[1:])]
    if a[:2] == b[1::-1]:
        rests.append((a[2:], b[2:]))
    counts = [count for rest in rests if (count := _typos(*rest, most - 1)) is not None]
    return 1 + min(counts) if counts else None
