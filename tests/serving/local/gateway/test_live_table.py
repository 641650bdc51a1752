"""A table that is swapped under requests: who is busy keeps its connections until it is done."""

import asyncio

from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.traffic.routing_table import Replica, Route, RoutingTable, WeightedVersion


def table(*workers: str, endpoint: str = "e") -> RoutingTable:
    replicas = tuple(Replica(name, f"/run/{name}/http.sock") for name in workers)
    versions = {"1.0": WeightedVersion("1.0", 1.0, False, replicas)}
    return RoutingTable({endpoint: Route(endpoint, "c" * 40, versions)})


def test_a_worker_that_stays_keeps_its_connections() -> None:
    async def run() -> None:
        live = LiveTable()
        await live.swap(table("a", "b"))
        (before,) = [up for up in live.routes["e"].lines["1.0"].upstreams if up.name == "b"]
        await live.swap(table("b", "c"))
        after = live.routes["e"].lines["1.0"].upstreams
        assert [up.name for up in after] == ["b", "c"]
        assert after[0] is before
        assert live.using == {"b", "c"}
        await live.close()

    asyncio.run(run())


def test_a_worker_that_left_is_used_until_its_last_request_is_answered() -> None:
    async def run() -> None:
        live = LiveTable()
        await live.swap(table("a"))
        (busy,) = live.routes["e"].lines["1.0"].upstreams
        busy.answering += 1
        await live.swap(table("b"))
        assert live.using == {"a", "b"}
        busy.answering -= 1
        await live.close_unused()
        assert live.using == {"b"}
        await live.close()

    asyncio.run(run())


def test_who_waits_in_line_looks_at_each_new_table() -> None:
    async def run() -> None:
        live = LiveTable()
        await live.swap(table())
        for workers in (("a",), ("b",)):
            waiting = asyncio.create_task(live.routes["e"].lines["1.0"].wait())
            await asyncio.sleep(0)
            assert not waiting.done()
            await live.swap(table(*workers))
            assert await asyncio.wait_for(waiting, 10) is None
        await live.close()

    asyncio.run(run())


def test_requests_under_way_are_counted_over_every_table() -> None:
    async def run() -> None:
        live = LiveTable()
        await live.swap(table("a"))
        live.routes["e"].in_flight.enter("1.0")
        await live.swap(table("b"))
        live.routes["e"].in_flight.enter("1.0")
        assert live.in_flight == {("e", "1.0"): 2}
        await live.swap(table("b", endpoint="f"))
        assert set(live.routes) == {"f"}
        assert live.in_flight == {("e", "1.0"): 2}
        await live.close()

    asyncio.run(run())
