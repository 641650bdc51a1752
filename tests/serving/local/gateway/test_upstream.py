"""The choice between workers: away from the busy, the failed, and those that were asked already."""

import asyncio
from collections import Counter
from collections.abc import Callable

from regolo_git.serving.local.gateway.upstream import Upstream, choose_upstream
from regolo_git.serving.traffic.routing_table import Replica


def with_upstreams(count: int, use: Callable[[list[Upstream]], None]) -> None:
    async def run() -> None:
        upstreams = [Upstream(Replica(f"w{n}", f"/run/w{n}/http.sock")) for n in range(count)]
        use(upstreams)
        for upstream in upstreams:
            await upstream.close()

    asyncio.run(run())


def test_nobody_to_choose_from_is_nobody() -> None:
    assert choose_upstream([], ()) is None


def test_of_two_the_less_busy_is_taken() -> None:
    def use(upstreams: list[Upstream]) -> None:
        upstreams[0].held = 3
        assert {choose_upstream(upstreams, ()) for _ in range(20)} == {upstreams[1]}

    with_upstreams(2, use)


def test_one_that_failed_a_moment_ago_is_asked_only_when_nobody_else_is_there() -> None:
    def use(upstreams: list[Upstream]) -> None:
        upstreams[0].broke()
        upstreams[1].held = 100
        assert choose_upstream(upstreams, ()) is upstreams[1]
        assert choose_upstream(upstreams[:1], ()) is upstreams[0]
        assert (upstreams[0].is_resting, upstreams[0].may_be_dying) == (True, True)
        assert (upstreams[1].is_resting, upstreams[1].may_be_dying) == (False, False)

    with_upstreams(2, use)


def test_a_server_that_was_late_is_asked_only_when_nobody_else_is_there() -> None:
    def use(upstreams: list[Upstream]) -> None:
        upstreams[0].was_late()
        assert (upstreams[0].is_resting, upstreams[0].may_be_dying) == (True, False)
        assert choose_upstream(upstreams, ()) is upstreams[1]

    with_upstreams(2, use)


def test_those_that_were_asked_are_avoided_while_there_are_others() -> None:
    def use(upstreams: list[Upstream]) -> None:
        assert choose_upstream(upstreams, upstreams[:2]) is upstreams[2]
        assert choose_upstream(upstreams, upstreams) in upstreams

    with_upstreams(3, use)


def test_equals_are_chosen_evenly() -> None:
    def use(upstreams: list[Upstream]) -> None:
        seen = Counter(choose_upstream(upstreams, ()) for _ in range(900))
        assert all(abs(seen[upstream] - 300) < 5 * (900 * 2 / 9) ** 0.5 for upstream in upstreams)

    with_upstreams(3, use)
