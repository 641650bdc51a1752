"""Work for a caller that ends when the caller hangs up."""

import asyncio

from regolo_git.serving.local.gateway.http_protocol import PatientProtocol


class UntilGone:
    """A block that is cancelled when the caller of a request hangs up, and then ends quietly."""

    __slots__ = ("_caller", "_task")

    def __init__(self, caller: PatientProtocol) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._caller, self._task = caller, task

    def __enter__(self) -> None:
        self._caller.when_gone(self._task.cancel)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._caller.when_gone(None)
        if kind is not asyncio.CancelledError or not self._caller.is_gone:
            return False
        self._task.uncancel()
        return True
