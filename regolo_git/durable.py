"""Makes several files and directories durable at once.

A file system writes its journal once for all that wait for it; one after another, each waits for a journal of
its own.  On a disk that takes half a millisecond for each, a small version has thirty of them.
"""

import _thread
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from regolo_git.system_calls import READ, make_durable

THREADS = 8
Item = TypeVar("Item")


def make_all_durable(descriptors: Sequence[int]) -> None:
    """Like `make_durable` for each of these; raises OSError for the first that failed, after all are done."""
    _at_once(make_durable, descriptors)


def make_directories_durable(directories: Iterable[Path]) -> None:
    """Makes the entries of directories durable; one that is gone has none.  Raises OSError."""
    _at_once(_make_directory_durable, list(directories))


def create_directory(directory: Path, changed: set[Path]) -> None:
    """Creates a directory and those above it; adds to `changed` each directory that has a new entry.

    Another process may remove an empty one meanwhile: then it is not there.
    """
    if not directory.parent.is_dir():
        create_directory(directory.parent, changed)
    with suppress(FileExistsError, FileNotFoundError):
        directory.mkdir()
        changed.add(directory.parent)


def _make_directory_durable(directory: Path) -> None:
    try:
        descriptor = os.open(directory, READ)
    except FileNotFoundError:
        return
    try:
        make_durable(descriptor)
    finally:
        os.close(descriptor)


def _at_once(call: Callable[[Item], None], items: Sequence[Item]) -> None:
    errors: list[OSError] = []
    done: SimpleQueue[None] = SimpleQueue()

    def work(share: Sequence[Item]) -> None:
        for item in share:
            try:
                call(item)
            except OSError as error:
                errors.append(error)
        done.put(None)

    count = min(len(items), THREADS)
    shares = [items[first::count] for first in range(count)]
    for share in shares[1:]:
        try:
            # Not `threading`, which waits for each to begin: on a busy machine as long as for the disk.
            _thread.start_new_thread(work, (share,))
        except RuntimeError:  # no more threads
            work(share)
    for share in shares[:1]:
        work(share)
    for _ in shares:
        done.get()
    if errors:
        raise errors[0]
