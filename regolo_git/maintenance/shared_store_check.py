"""What `doctor` says of the shared store: whether this clone may use it, can reach it and write to it.

A file of a megabyte is written to `tmp/`, read back and removed: it shows the store's clock and its speed.
A small one beside it shows whether the store refuses to create what exists.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from regolo_git.errors import IntegrityError, RegoloError, StoreAbsent
from regolo_git.hints import Hint
from regolo_git.maintenance.finding import Finding
from regolo_git.records.store_format import FORMAT_FILE
from regolo_git.records.store_url import StoreAddress
from regolo_git.registry.handle import Handle
from regolo_git.registry.shared_store import unconfirmed
from regolo_git.store.files.contract import TEMPORARIES, Files
from regolo_git.store.shared import SharedStore
from regolo_git.store.translate import translated
from regolo_git.system_calls import random_name
from regolo_git.text.sizes import size_text

PROBE_SIZE = 1 << 20
CLOCK_SECONDS = 60.0  # services refuse signatures that are 5 to 15 minutes old
SLOW_ANSWER_SECONDS = 1.0
SLOW_BYTES_A_SECOND = 1e6


class _Measured(NamedTuple):
    """When the store says that the file was written, when this machine does, and how long all of it took."""

    there: datetime
    here: datetime
    seconds: float


def shared_store_findings(handle: Handle, *, dry_run: bool) -> Iterator[Finding]:
    """Checks the registry's shared store; a dry run writes nothing to it.

    Raises the errors of opening it, whose hints say what to do.
    """
    stores = handle.shared_stores
    address = stores.address()
    if address is None:
        return
    if not stores.is_confirmed(address):
        error = unconfirmed(address)
        yield Finding("left", error.message, error.hint)
        return
    try:
        store = stores.opened(address)
    except StoreAbsent as error:
        yield _absent(address, error)
        return
    yield from _slow_answer(store)
    if not (address.read_only or dry_run):
        yield from _probed(store)


def _absent(address: StoreAddress, error: StoreAbsent) -> Finding:
    if address.scheme == "file":
        return Finding("left", error.message, Hint("config", "store.url", address.url))
    return Finding("limit", f"{error.message}; the first push creates it", Hint("push"))


def _slow_answer(store: SharedStore) -> Iterator[Finding]:
    begun = time.monotonic()
    with translated(store.url):
        store.files.read_range(FORMAT_FILE, 0, 1)
    seconds = time.monotonic() - begun
    if seconds > SLOW_ANSWER_SECONDS:
        what = f"the store '{store.url}' took {seconds:.1f} s for one answer"
        yield Finding("limit", what, "use a store that is nearer, or add one: git regolo remote add NAME URL")


def _probed(store: SharedStore) -> Iterator[Finding]:
    try:
        with translated(store.url):
            found = _probe(store.files)
    except RegoloError as error:
        yield Finding("limit", f"nothing can be pushed: {error.message}", error.hint)
        return
    difference = (found.here - found.there).total_seconds()
    if abs(difference) > CLOCK_SECONDS:
        side = "ahead of" if difference > 0 else "behind"
        what = f"the clock of this machine is {abs(difference):.0f} s {side} that of the store '{store.url}'"
        yield Finding("limit", what, "timedatectl set-ntp true")
    rate = 2 * PROBE_SIZE / max(found.seconds, 1e-6)
    if rate < SLOW_BYTES_A_SECOND:
        yield Finding("limit", f"the store '{store.url}' moves {size_text(int(rate))} a second")
    if not store.files.properties.atomic_create:
        what = f"the store '{store.url}' does not refuse to create a file that exists"
        yield Finding("limit", what, "let one clone push first; or use a service that knows If-None-Match")


def _probe(files: Files) -> _Measured:
    path, data = f"{TEMPORARIES}/probe-{random_name(8)}", os.urandom(PROBE_SIZE)
    begun = time.monotonic()
    try:
        files.write(path, data)
        here = datetime.now(UTC)
        if files.read_range(path, 0, PROBE_SIZE + 1) != data:
            raise IntegrityError(f"the store '{files.url}' gave back other bytes than it was sent")
        seconds = time.monotonic() - begun
        there = next((file.modified for file in files.walk(TEMPORARIES) if file.path == path), here)
        files.create(f"{path}-new", b"1")
    finally:
        # Credentials that may not delete can still push.  A leftover is removed like any temporary file.
        with suppress(FileNotFoundError, PermissionError):
            files.remove(path)
            files.remove(f"{path}-new")
    return _Measured(there, here, seconds)
