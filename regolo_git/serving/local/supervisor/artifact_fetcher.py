"""The slow half of a source, in a thread of its own: fetching artifacts and removing unused ones."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from regolo_git.errors import TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import PinnedVersion
from regolo_git.serving.desired import Source
from regolo_git.serving.model_files import ModelFiles


class ArtifactFetcher:
    """Fetches artifacts.  One that was fetched before is returned without waiting for a fetch in progress."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._thread = ThreadPoolExecutor(1, "regolo-fetch")
        self._here: dict[tuple[str, str, Digest], ModelFiles] = {}
        # An earlier engine may have left files that are no longer served.
        self._is_tidy = False

    async def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """A version's files.  Raises the errors of `Source.fetch`, and TransportError if the disk fails."""
        key = (model, pinned.commit, pinned.digest)
        if key not in self._here:
            loop = asyncio.get_running_loop()
            try:
                self._here[key] = await loop.run_in_executor(self._thread, self._source.fetch, model, pinned)
            except OSError as error:
                raise TransportError(f"cannot fetch the artifact of '{model}': {error}") from error
        return self._here[key]

    async def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes the files of every other digest."""
        gone = [key for key in self._here if key[2] not in digests]
        if not gone and self._is_tidy:
            return
        # Before the first await: a caller that asks for one of them now has it fetched again, after this.
        for key in gone:
            del self._here[key]
        self._is_tidy = True
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self._source.keep_only, frozenset(digests)
        )

    def close(self) -> None:
        """Does not wait: a fetch in progress ends with the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)
