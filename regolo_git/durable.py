"""Makes several files and directories durable at once.

A file system writes its journal once for all that wait for it; one after another, each waits for a journal of
its own.  On a disk that takes half a millisecond for each, a small version has thirty of them.
"""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
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

    def work(share: Sequence[Item]) -> None:
        for item in share:
            try:
                call(item)
            except OSError as error:
                errors.append(error)

    count = min(len(items), THREADS)
    threads = [threading.Thread(target=work, args=(items[first::count],)) for first in range(1, count)]
    for thread in threads:
        thread.start()
    work(items[::count] if count else ())
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
