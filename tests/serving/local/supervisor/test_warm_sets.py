"""Replica sets kept warm: those that a table had, for a time, and only so many."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from regolo_git.serving.local.supervisor.warm_sets import WarmSets
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import Replica

OPTIONS = ServeOptions(Path(), keep_seconds=10, kept_versions=2)


class FakeSet:
    """A set that is ready until it is stopped."""

    def __init__(self) -> None:
        self.files = None
        self.ready: tuple[Replica, ...] = (Replica("w", "/run/w"),)
        self.stopped = False

    async def stop(self) -> None:
        self.stopped = True
        self.ready = ()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def with_sets(use: Callable[[WarmSets, Clock], Awaitable[None]], options: ServeOptions = OPTIONS) -> None:
    async def run() -> None:
        clock = Clock()
        await use(WarmSets(options, clock), clock)

    asyncio.run(run())


async def serve(sets: WarmSets, *keys: str) -> None:
    """A table that needs these."""
    for key in keys:
        sets.ensure(key, FakeSet)  # type: ignore[arg-type]
    await sets.tidy(keys)


def test_what_a_table_left_behind_is_there_again_at_once() -> None:
    async def use(sets: WarmSets, clock: Clock) -> None:
        await serve(sets, "a")
        first = sets.sets["a"]
        await serve(sets, "b")
        assert sets.kept_warm == 1
        await serve(sets, "a")
        assert sets.sets["a"] is first
        assert (set(sets.sets), sets.kept_warm) == ({"a", "b"}, 1)

    with_sets(use)


def test_it_goes_when_its_time_is_up() -> None:
    async def use(sets: WarmSets, clock: Clock) -> None:
        await serve(sets, "a")
        await serve(sets, "b")
        for now, left in ((9.9, {"a", "b"}), (10.0, {"b"}), (1000.0, {"b"})):
            clock.now = now
            await sets.expire()
            assert set(sets.sets) == left

    with_sets(use)


def test_of_too_many_the_oldest_goes() -> None:
    async def use(sets: WarmSets, clock: Clock) -> None:
        for number, key in enumerate("abcd"):
            clock.now = number
            await serve(sets, key)
        assert set(sets.sets) == {"b", "c", "d"}

    with_sets(use)


def test_what_never_served_or_is_not_ready_is_not_kept() -> None:
    async def use(sets: WarmSets, clock: Clock) -> None:
        await serve(sets, "a")
        # A state that was given up before it was reached.
        never = sets.ensure("never", FakeSet)  # type: ignore[arg-type]
        await sets.tidy({"a"})
        assert never.stopped  # type: ignore[attr-defined]
        sets.sets["a"].ready = ()  # type: ignore[misc]
        await serve(sets, "b")
        assert set(sets.sets) == {"b"}

    with_sets(use)


def test_nothing_is_kept_where_the_operator_says_so() -> None:
    async def use(sets: WarmSets, clock: Clock) -> None:
        await serve(sets, "a")
        await serve(sets, "b")
        assert set(sets.sets) == {"b"}

    with_sets(use, replace(OPTIONS, kept_versions=0))


def test_stopping_lets_all_go() -> None:
    async def use(sets: WarmSets, clock: Clock) -> None:
        await serve(sets, "a", "b")
        held = list(sets.sets.values())
        await sets.stop()
        assert all(one.stopped for one in held)  # type: ignore[attr-defined]
        assert (sets.sets, sets.kept_warm) == ({}, 0)

    with_sets(use)
