"""Choosing a version for a request: at random by weight, or by a key that stays with its version."""

import random
from bisect import bisect_right
from itertools import accumulate

from regolo_git.serving.traffic.rendezvous import rendezvous
from regolo_git.serving.traffic.routing_table import Route


class Split:
    """The weights of one route, prepared for choosing."""

    def __init__(self, route: Route) -> None:
        self._endpoint = route.endpoint
        self._weights = {t.version: t.weight for t in route.versions.values() if t.weight > 0}
        self._versions = tuple(self._weights)
        self._bounds = tuple(accumulate(self._weights.values()))

    def at_random(self) -> str:
        """A random version, in proportion to the weights."""
        draw = random.random() * self._bounds[-1]
        # Rounding may make the draw equal to the last bound.
        return self._versions[min(bisect_right(self._bounds, draw), len(self._versions) - 1)]

    def for_key(self, key: str) -> str:
        """The version of a sticky key."""
        return rendezvous(self._endpoint, key, self._weights) or self._versions[-1]
