"""A replica set: as many replicas as asked for, each replaced when it goes, without processes of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from support.fake_workers import FakeLauncher, eventually

from regolo_git.errors import ServingError
from regolo_git.serving.local.supervisor.replica_set import WorkerReplicaSet
from regolo_git.serving.local.supervisor.worker_process import StartFailed

Use = Callable[[WorkerReplicaSet, FakeLauncher], Awaitable[None]]


def with_set(use: Use, *failures: StartFailed) -> None:
    async def run() -> None:
        launcher = FakeLauncher(failures=list(failures))
        held = WorkerReplicaSet(SimpleNamespace(key="k"), None, launcher, lambda: 1.0, lambda: None)  # type: ignore[arg-type]
        try:
            await use(held, launcher)
        finally:
            await held.stop()
        assert held.ready == ()

    asyncio.run(run())


def failing(message: str, *, is_final: bool = False) -> StartFailed:
    return StartFailed(message, None, is_final=is_final)


def test_there_are_as_many_replicas_as_asked_for() -> None:
    async def use(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        for wanted in (3, 1, 2):
            held.at_least(wanted)
            held.at_most(wanted)
            await held.started()
            assert len(held.ready) == wanted
        assert len(launcher.started) == 4
        await eventually(lambda: len(launcher.drained) == 2)

    with_set(use)


@pytest.mark.parametrize("ending", ["exit", "silent", "wrong"])
def test_a_worker_that_goes_is_replaced(ending: str) -> None:
    async def use(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(1)
        await held.started()
        first = launcher.started[0]
        if ending == "exit":
            first.exit(-9)
        else:
            first.answers = ending  # type: ignore[assignment]
        await eventually(lambda: len(launcher.started) == 2 and held.ready)
        assert held.ready == (launcher.started[1].replica,)
        assert held.restarts == 1
        assert first.was_killed

    with_set(use)


def test_a_worker_that_has_grown_leaves_only_once_another_is_ready() -> None:
    async def use(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(1)
        await held.started()
        launcher.failures.append(failing("no memory"))
        launcher.started[0].resident_bytes = 2000
        await eventually(lambda: len(launcher.started) == 2)
        # Where its successor does not come up it has to leave before the next one; else it is drained after.
        await eventually(lambda: launcher.drained == ["w0"])
        launcher.started[1].resident_bytes = 2000
        await eventually(lambda: held.ready == (launcher.started[-1].replica,) and len(launcher.started) == 3)
        assert launcher.drained == ["w0", "w1"]
        assert held.restarts == 2

    with_set(use)


def test_a_start_that_may_succeed_is_tried_again_and_one_that_cannot_is_not() -> None:
    async def again(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(1)
        await held.started()
        assert len(held.ready) == 1

    async def never(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(1)
        with pytest.raises(ServingError, match="no weights"):
            await held.started()
        assert held.problem is not None
        # What had given up is started anew when it is asked for again.
        launcher.failures.clear()
        held.at_least(1)
        await held.started()
        assert len(held.ready) == 1

    with_set(again, failing("busy"))
    with_set(never, failing("no weights", is_final=True))
    with_set(never, failing("no weights"), failing("no weights"))


def test_a_replacement_that_does_not_start_is_counted_and_tried_again() -> None:
    async def use(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(1)
        await held.started()
        assert held.failed_starts == 0
        launcher.failures += [failing("no weights", is_final=True)] * 2
        launcher.started[0].exit(-9)
        await eventually(lambda: held.ready == (launcher.started[-1].replica,) and len(launcher.started) == 2)
        assert (held.restarts, held.failed_starts) == (1, 2)

    with_set(use, failing("busy"))


def test_one_replica_of_several_is_enough_to_start_with() -> None:
    async def use(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(2)
        await held.started()
        assert len(held.ready) == 1

    with_set(use, failing("no weights", is_final=True))


def test_a_worker_whose_prediction_takes_longer_than_a_request_may_is_replaced_at_once() -> None:
    async def use(held: WorkerReplicaSet, launcher: FakeLauncher) -> None:
        held.at_least(1)
        await held.started()
        for number in range(8):
            worker = launcher.started[number]
            worker.has_predicted = True
            worker.busy_seconds = 1.6
            # A pause that grew each time would be ten seconds by now.
            await asyncio.wait_for(eventually(lambda number=number: len(launcher.started) == number + 2), 2)
            assert worker.was_killed

    with_set(use)
