"""Suggestions for a mistyped name."""

from collections.abc import Iterable


def nearest(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The most similar of `names`; None if none reaches the similarity `cutoff` (0 to 1)."""
    return next(iter(nearest_few(name, names, most=1, cutoff=cutoff)), None)


def nearest_few(name: str, names: Iterable[str], *, most: int, cutoff: float = 0.6) -> list[str]:
    """Up to `most` of `names`, most similar first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only needed after a mistake

    return get_close_matches(name, list(names), n=most, cutoff=cutoff)
