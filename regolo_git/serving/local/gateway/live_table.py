"""The routing table in use, with connections to every worker in it.

A table is swapped whole.  Requests in flight keep their workers, those in line look at the new table; the
connections to a worker that has left are closed once the last of its requests is answered.
"""

from collections.abc import Mapping

from regolo_git.serving.local.gateway.line import Line
from regolo_git.serving.local.gateway.live_route import InFlight, LiveRoute
from regolo_git.serving.local.gateway.upstream import Upstream
from regolo_git.serving.metrics.counts import Key
from regolo_git.serving.traffic.routing_table import Route, RoutingTable


class LiveTable:
    """The routes by their endpoints, as of the last swap."""

    def __init__(self) -> None:
        self.routes: Mapping[str, LiveRoute] = {}
        self._upstreams: dict[str, Upstream] = {}
        self._leaving: set[Upstream] = set()
        self._in_flight: dict[str, InFlight] = {}
        self._lines: dict[Key, Line] = {}

    async def swap(self, table: RoutingTable) -> None:
        """Uses a new table from now on."""
        versions = [version for route in table.routes.values() for version in route.versions.values()]
        replicas = {replica.name: replica for version in versions for replica in version.replicas}
        for name in self._upstreams.keys() - replicas.keys():
            self._leaving.add(self._upstreams.pop(name))
        for name in replicas.keys() - self._upstreams.keys():
            self._upstreams[name] = Upstream(replicas[name])
        before = self._lines
        self._lines = {
            (route.endpoint, name): before.get((route.endpoint, name)) or Line()
            for route in table.routes.values()
            for name in route.versions
        }
        self.routes = {name: self._live(route) for name, route in table.routes.items()}
        for upstream in (*self._upstreams.values(), *self._leaving):
            # None for one that has left.  Two versions of the same content have the same workers.
            upstream.lines = [line for line in self._lines.values() if upstream in line.upstreams]
        for line in {*before.values(), *self._lines.values()}:
            line.wake()
        await self.close_unused()

    def _live(self, route: Route) -> LiveRoute:
        lines = {name: self._lines[route.endpoint, name] for name in route.versions}
        for name, version in route.versions.items():
            lines[name].upstreams = [self._upstreams[replica.name] for replica in version.replicas]
        return LiveRoute(route, lines, self._in_flight.setdefault(route.endpoint, InFlight()))

    async def close_unused(self) -> None:
        """Closes the connections to workers that have left and are no longer busy."""
        for upstream in [upstream for upstream in self._leaving if not upstream.in_flight]:
            self._leaving.discard(upstream)
            await upstream.close()

    async def close(self) -> None:
        """Closes every connection."""
        for upstream in (*self._upstreams.values(), *self._leaving):
            await upstream.close()

    @property
    def using(self) -> frozenset[str]:
        """The workers that requests are sent to, or that still have one."""
        return frozenset(self._upstreams) | {upstream.name for upstream in self._leaving}

    @property
    def in_flight(self) -> dict[Key, int]:
        """Requests in flight by endpoint and version."""
        return {
            (endpoint, version): count
            for endpoint, requests in self._in_flight.items()
            for version, count in requests.by_version.items()
        }
