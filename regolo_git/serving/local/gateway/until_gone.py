"""Work for a caller that ends when the caller hangs up."""

import asyncio
from types import TracebackType

from regolo_git.serving.local.gateway.http_protocol import PatientProtocol


class UntilGone:
    """A block that is cancelled when the caller of a request hangs up, and then ends quietly."""

    def __init__(self, caller: PatientProtocol) -> None:
        self._connection = caller
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        assert self._task is not None
        self._connection.when_gone(self._task.cancel)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._connection.when_gone(None)
        if kind is not asyncio.CancelledError or not self._connection.is_gone:
            return False
        assert self._task is not None
        self._task.uncancel()
        return True
