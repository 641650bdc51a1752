"""Patterns of refs: full names, or the beginning of some with a `*` at the end."""

from collections.abc import Iterable, Mapping

PEELED = "^{}"  # ends the name of what an annotated tag names, in a list of refs


def matching(refs: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """The refs that match one of some patterns, sorted."""
    exact, beginnings = split_patterns(patterns)
    # Of a hundred thousand refs, each pass over all of them counts.
    wanted = [ref for ref in refs if ref.startswith(beginnings) or ref in exact]
    return {ref: refs[ref] for ref in sorted(wanted) if not ref.endswith(PEELED)}


def split_patterns(patterns: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The full names, and the beginnings."""
    wanted = tuple(patterns)
    return (
        frozenset(pattern for pattern in wanted if not pattern.endswith("*")),
        tuple(pattern.removesuffix("*") for pattern in wanted if pattern.endswith("*")),
    )
