"""What workers print, on our own standard error: each line with the endpoint, the version and the worker.

A thread of its own writes, so that a terminal that is held up holds up the workers that print, and never the
supervisor.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.text.printable import without_controls

STANDARD_ERROR = 2
READ_BYTES = 64 << 10
# A line that is longer is broken, so that one without an end cannot fill the memory.
LINE_BYTES = 8 << 10
# A progress bar returns to the start of its line.
LINE_END = re.compile(rb"[\r\n]+")
# What a child of a worker that outlives it may still print is not waited for.
END_SECONDS = 1.0


class WorkerLog:
    """Copies the output of workers to a descriptor."""

    def __init__(self, output: int = STANDARD_ERROR) -> None:
        self._output = output
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log")
        self._copying = BackgroundTasks()

    @contextmanager
    def pipe(self, label: Callable[[], str]) -> Iterator[int]:
        """A descriptor for a worker's output, for the time of its start; each line gets the current label."""
        reading, writing = os.pipe()
        self._copying.start(self._copy(reading, label))
        try:
            yield writing
        finally:
            os.close(writing)

    async def end(self) -> None:
        """Waits until everything that workers printed is written, unless that takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._copying.ended()
        self._writer.shutdown(wait=False)

    async def _copy(self, pipe: int, label: Callable[[], str]) -> None:
        reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb")
        )
        try:
            lines = _Lines(label)
            while piece := await reader.read(READ_BYTES):
                await self._write(lines.add(piece))
            await self._write(lines.end())
        finally:
            transport.close()

    async def _write(self, text: bytes) -> None:
        if text:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._write_all, text)

    def _write_all(self, text: bytes) -> None:
        # A closed terminal or a full disk must not stop the serving.
        with suppress(OSError):
            while text:
                text = text[os.write(self._output, text) :]


class _Lines:
    """Cuts output into whole lines, and puts the label before each."""

    def __init__(self, label: Callable[[], str]) -> None:
        self._label = label
        self._rest = b""

    def add(self, piece: bytes) -> bytes:
        """The lines that are complete."""
        *lines, rest = LINE_END.split(self._rest + piece)
        whole = len(rest) - len(rest) % LINE_BYTES
        self._rest = rest[whole:]
        return b"".join(self._labelled(part) for line in (*lines, rest[:whole]) for part in _parts(line))

    def end(self) -> bytes:
        """The last line, if nothing ended it."""
        rest, self._rest = self._rest, b""
        return self._labelled(rest) if rest else b""

    def _labelled(self, line: bytes) -> bytes:
        text = without_controls(line.decode("utf-8", "backslashreplace"))
        return f"{self._label()}: {text}\n".encode("utf-8", "backslashreplace")


def _parts(line: bytes) -> Iterator[bytes]:
    return (line[at : at + LINE_BYTES] for at in range(0, len(line), LINE_BYTES))
