"""Choosing a version for a request: at random by the weights, or by a key that stays with its version."""

import random
from bisect import bisect_right
from itertools import accumulate

from regolo_git.serving.traffic.rendezvous import rendezvous
from regolo_git.serving.traffic.routing_table import Route


class Split:
    """The weights of one route, made ready for choosing."""

    def __init__(self, route: Route) -> None:
        self._endpoint = route.endpoint
        self._weights = {t.version: t.weight for t in route.versions.values() if t.weight > 0}
        self._versions = tuple(self._weights)
        self._bounds = tuple(accumulate(self._weights.values()))

    def at_random(self) -> str:
        """A version, each as often as its weight says."""
        draw = random.random() * self._bounds[-1]
        # Rounding may bring the draw to the last bound itself.
        return self._versions[min(bisect_right(self._bounds, draw), len(self._versions) - 1)]

    def for_key(self, key: str) -> str:
        """The version that a sticky key belongs to."""
        return rendezvous(self._endpoint, key, self._weights) or self._versions[-1]
