"""The line of a version's requests: they wait in the gateway until a worker is free.

A worker that predicts one request at a time gets one at a time.  What waits is bound to no worker, so none of
it is lost or late with a worker that hangs, and a request whose caller hangs up leaves the line at no cost.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence

from regolo_git.serving.local.gateway.upstream import Upstream, choose_upstream


class Line:
    """The workers of one version, and the requests that wait for one of them, first come, first served."""

    def __init__(self) -> None:
        self.upstreams: Sequence[Upstream] = ()
        self.waiting: OrderedDict[asyncio.Future[Upstream | None], None] = OrderedDict()

    def take(self, avoid: Collection[Upstream], *, has_waited: bool) -> Upstream | None:
        """A free worker, preferably none of `avoid`, which the caller holds until it gives it back.

        None if none is free, or if others were there before a request that has not waited.
        """
        if self.waiting and not has_waited:
            return None
        free = [upstream for upstream in self.upstreams if upstream.is_free]
        if not free:
            return None
        chosen = free[0] if len(free) == 1 else choose_upstream(free, avoid)
        assert chosen is not None
        chosen.held += 1
        return chosen

    @property
    def has_free(self) -> bool:
        """Whether a worker is free that nobody waits for."""
        return not self.waiting and any(upstream.is_free for upstream in self.upstreams)

    async def wait(self) -> Upstream | None:
        """Waits for a free worker, which the caller then holds; None if there is a new table to look at."""
        future: asyncio.Future[Upstream | None] = asyncio.get_running_loop().create_future()
        self.waiting[future] = None
        try:
            return await future
        except asyncio.CancelledError:
            given = future.result() if future.done() and not future.cancelled() else None
            if given is not None:
                given.give_back()
            raise
        finally:
            self.waiting.pop(future, None)

    def offer(self, upstream: Upstream) -> None:
        """Gives a free worker to those who wait, as long as it is free."""
        while self.waiting and upstream.is_free:
            future, _ = self.waiting.popitem(last=False)
            if not future.done():
                upstream.held += 1
                future.set_result(upstream)

    def wake(self) -> None:
        """Has everyone who waits look again: the table has changed."""
        while self.waiting:
            future, _ = self.waiting.popitem(last=False)
            if not future.done():
                future.set_result(None)
