"""A thread pool with a ring of large buffers: the threads of one ingest, checkout or verification.

One thread runs tasks in order (a file's digest needs its bytes in order); as many as the store can use run
the others (hashing, reading and writing chunks).  A buffer is reused only when every task that reads it
is done, so the same bytes are read, hashed and stored, and memory is bounded for artifacts of any size.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar

from regolo_git.records.recipe import CHUNK_LIMIT
from regolo_git.system_calls import page_aligned

BUFFERS = 5

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Protocol[T_co]):
    """A submitted task, such as a future."""

    def done(self) -> bool:
        """Whether it has ended."""
        ...

    def result(self) -> T_co:
        """Its result, as soon as it has ended; raises what it raised."""
        ...


class _Executor(Protocol):
    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Task[T]: ...

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...


class _Ended(Generic[T]):
    """A task that ran when it was submitted."""

    def __init__(self, task: Callable[[], T]) -> None:
        self._error: Exception | None = None
        try:
            self._result = task()
        except Exception as error:  # noqa: BLE001 - raised when the result is asked for
            self._error = error

    def done(self) -> bool:
        return True

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result


class _AtOnce:
    """Runs each task when it is submitted: starting a thread takes longer than a small task."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Task[T]:
        return _Ended(lambda: function(*args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing runs or waits."""


def _threads(count: int, name: str) -> _Executor:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - a small artifact needs no thread

    return ThreadPoolExecutor(count, name)


class ThreadPool:
    """A context manager; leaving it waits for every thread, and after an error cancels pending tasks."""

    def __init__(self, workers: int) -> None:
        """Starts `workers` threads for tasks in any order, and one for those in order; none for 0 workers."""
        self._ordered = _threads(1, "regolo-digest") if workers else _AtOnce()
        self._workers = _threads(workers, "regolo-chunks") if workers else _AtOnce()
        self._allocated = 0
        self._busy: deque[tuple[memoryview, tuple[Task[Any], ...]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._workers, self._ordered):
            pool.shutdown(wait=True, cancel_futures=error is not None)

    def buffer(self) -> memoryview:
        """A free buffer of `CHUNK_LIMIT` bytes; waits for one.

        Raises the errors of the tasks that used it.
        """
        if self._allocated < BUFFERS:
            self._allocated += 1
            # A small artifact uses a part of one buffer: clearing a large page would cost more than it saves.
            return page_aligned(CHUNK_LIMIT, huge=self._allocated > 1)
        view, tasks = self._busy.popleft()
        for task in tasks:
            task.result()
        return view

    def release(self, view: memoryview, *tasks: Task[Any]) -> None:
        """Returns a whole buffer, to be reused when these tasks are done."""
        self._busy.append((view, tasks))

    def submit_in_order(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Task[T]:
        """Runs a task after all tasks that were submitted in order before it."""
        return self._ordered.submit(function, *args, **kwargs)

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Task[T]:
        """Runs a task when a thread is free."""
        return self._workers.submit(function, *args, **kwargs)

    def finish(self) -> None:
        """Waits for every task.  Raises the error of the first that failed."""
        while self._busy:
            for task in self._busy.popleft()[1]:
                task.result()
