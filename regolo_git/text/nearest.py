"""The name that somebody meant who typed another."""

from collections.abc import Iterable


def nearest(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `names` that is most like `name`; None where none has a similarity of `cutoff` (0 to 1)."""
    return next(iter(nearest_few(name, names, most=1, cutoff=cutoff)), None)


def nearest_few(name: str, names: Iterable[str], *, most: int, cutoff: float = 0.6) -> list[str]:
    """At most `most` of `names`, the most similar first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake waits for it

    return get_close_matches(name, list(names), n=most, cutoff=cutoff)
