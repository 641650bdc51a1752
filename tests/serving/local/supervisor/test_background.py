"""Tasks in the background: held while they run, and waited for at the end, however they end."""

import asyncio

from regolo_git.serving.local.supervisor.background import BackgroundTasks


def test_everything_that_was_started_has_ended_even_where_it_failed() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)
        if number == 1:
            raise RuntimeError("as it was told")

    async def run() -> None:
        tasks = BackgroundTasks()
        for number in range(3):
            tasks.start(work(number))
        await tasks.ended()
        assert sorted(done) == [0, 1, 2]
        await tasks.ended()

    asyncio.run(run())
