"""The source's slow half, in a thread of its own: bringing artifacts, and removing what nothing serves."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from regolo_git.errors import TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import PinnedVersion
from regolo_git.serving.desired import Source
from regolo_git.serving.model_files import ModelFiles


class ArtifactFetcher:
    """What has been fetched.  What is here already is answered without waiting for a fetch under way."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._thread = ThreadPoolExecutor(1, "regolo-fetch")
        self._here: dict[tuple[str, str, Digest], ModelFiles] = {}
        # An engine before this one may have left files that nothing serves any more.
        self._is_tidy = False

    async def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """A version's files.  Raises what `Source.fetch` raises, TransportError where the disk fails."""
        key = (model, pinned.commit, pinned.digest)
        if key not in self._here:
            loop = asyncio.get_running_loop()
            try:
                self._here[key] = await loop.run_in_executor(self._thread, self._source.fetch, model, pinned)
            except OSError as error:
                raise TransportError(f"the bytes of '{model}' cannot be brought: {error}") from error
        return self._here[key]

    async def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes the files of every other digest."""
        gone = [key for key in self._here if key[2] not in digests]
        if not gone and self._is_tidy:
            return
        # Before anything is waited for: who asks for one of them now has it brought again, after this.
        for key in gone:
            del self._here[key]
        self._is_tidy = True
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self._source.keep_only, frozenset(digests)
        )

    def close(self) -> None:
        """Waits for nothing: a fetch under way ends with the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)
