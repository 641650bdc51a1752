"""Fetching artifacts: once, without holding up who asks for what is here, and again after it was removed."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import pytest

from regolo_git.errors import TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import PinnedVersion
from regolo_git.serving.local.supervisor.artifact_fetcher import ArtifactFetcher
from regolo_git.serving.model_files import ModelFiles


def pin(number: int) -> PinnedVersion:
    return PinnedVersion(f"{number}" * 40, Digest("sha256", f"{number}" * 64), 1)


class FakeSource:
    """Notes what it is asked for; a fetch of a version waits until the test lets it."""

    def __init__(self) -> None:
        self.fetched: list[Digest] = []
        self.kept: list[Collection[Digest]] = []
        self.go = threading.Event()
        self.go.set()
        self.error: OSError | None = None

    def fetch(self, _model: str, pinned: PinnedVersion) -> ModelFiles:
        if self.error is not None:
            raise self.error
        assert self.go.wait(20)
        self.fetched.append(pinned.digest)
        return ModelFiles(Path("model"), None, pinned.digest)

    def keep_only(self, digests: Collection[Digest]) -> None:
        self.kept.append(digests)


def with_fetcher(use: Callable[[ArtifactFetcher, FakeSource], Awaitable[None]]) -> None:
    async def run() -> None:
        source = FakeSource()
        fetcher = ArtifactFetcher(source)  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(20):
                await use(fetcher, source)
        finally:
            source.go.set()
            fetcher.close()

    asyncio.run(run())


def test_what_is_here_is_not_waited_for_while_something_else_is_fetched() -> None:
    async def use(fetcher: ArtifactFetcher, source: FakeSource) -> None:
        await fetcher.fetch("m", pin(1))
        source.go.clear()
        slow = asyncio.create_task(fetcher.fetch("m", pin(2)))
        await asyncio.sleep(0)
        assert (await fetcher.fetch("m", pin(1))).digest == pin(1).digest
        assert not slow.done()
        source.go.set()
        assert (await slow).digest == pin(2).digest
        assert source.fetched == [pin(1).digest, pin(2).digest]

    with_fetcher(use)


def test_what_was_removed_is_fetched_again() -> None:
    async def use(fetcher: ArtifactFetcher, source: FakeSource) -> None:
        for number in (1, 2):
            await fetcher.fetch("m", pin(number))
        await fetcher.keep_only({pin(2).digest})
        for number in (1, 2):
            await fetcher.fetch("m", pin(number))
        assert source.fetched == [pin(1).digest, pin(2).digest, pin(1).digest]

    with_fetcher(use)


def test_an_engine_tidies_up_once_after_the_one_before_it_and_then_only_when_something_goes() -> None:
    async def use(fetcher: ArtifactFetcher, source: FakeSource) -> None:
        await fetcher.fetch("m", pin(1))
        for digests in ({pin(1).digest}, {pin(1).digest}, set(), set()):
            await fetcher.keep_only(digests)
        assert source.kept == [{pin(1).digest}, set()]

    with_fetcher(use)


def test_a_disk_that_fails_is_an_error_that_names_the_model() -> None:
    async def use(fetcher: ArtifactFetcher, source: FakeSource) -> None:
        source.error = OSError("no space left on device")
        with pytest.raises(TransportError, match=r"'m'.*no space left"):
            await fetcher.fetch("m", pin(1))
        source.error = None
        await fetcher.fetch("m", pin(1))

    with_fetcher(use)
