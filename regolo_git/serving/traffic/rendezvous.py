"""Sticky routing: which version a key belongs to, by weighted rendezvous hashing.

Every version draws a number from the hash of (endpoint, version, key), and the best draw,
`-weight / ln(draw)`, wins.  When weights change from 90/10 to 50/50, exactly the 40 % of keys that must move
do, and when a version is added only its own share moves to it; cutting one interval into shares would move up
to twice as many.  The endpoint is part of the hash so that the same users are not the first to try the new
version of every endpoint.
"""

from collections.abc import Mapping
from hashlib import blake2b
from math import log

DRAWS = 1 << 64


def rendezvous(endpoint: str, key: str, weights: Mapping[str, float]) -> str | None:
    """The version of a key; None if no version has a weight."""
    best, winner = 0.0, None
    for version, weight in weights.items():
        if weight <= 0:
            continue
        score = -weight / log(_draw(endpoint, version, key))
        if winner is None or score > best:
            best, winner = score, version
    return winner


def _draw(endpoint: str, version: str, key: str) -> float:
    text = f"{endpoint}\0{version}\0{key}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
    # Neither 0 nor 1, where the logarithm is infinite or zero.
    return (min(number, DRAWS - 2048) + 0.5) / DRAWS
