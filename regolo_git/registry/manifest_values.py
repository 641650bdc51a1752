"""The metrics, metadata and parameters of many manifests, kept in an SQLite file of this clone.

A manifest is named by its bytes, so what was read of one stays right.  Reading a hundred thousand for
the first time takes about half a minute; from the file it takes about a second.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from time import monotonic
from typing import TypeVar, cast

from regolo_git.errors import IntegrityError, MissingDependency
from regolo_git.git.many_files import read_blobs
from regolo_git.git.prefetch import fetch_missing
from regolo_git.records.filter_expression import Value
from regolo_git.records.manifest import Manifest
from regolo_git.records.metadata import MetadataValue, flattened
from regolo_git.registry.cache_database import transaction, use_cache
from regolo_git.registry.handle import Handle

SCHEMA_VERSION = 1
SCHEMA = ("create table held (oid text primary key, data text not null) without rowid",)
SECTIONS = ("metrics", "metadata", "parameters")
FEW = 32  # that are read here, rather than by a git process
PAGE = 2000
LONG_SECONDS = 3.0

Result = TypeVar("Result")
OnSlow = Callable[[int, float], None]
Sections = Mapping[str, Mapping[str, Value]]


def read_values(handle: Handle, oids: Sequence[str], on_slow: OnSlow) -> Iterator[tuple[str, Sections]]:
    """The values of manifests by their blob ids, by section and dotted name, in any order.

    `on_slow` gets the number of manifests and the seconds that reading them will take, if it takes long.  A
    manifest that cannot be read is left out, with a notice.
    """
    for first in range(0, len(oids), PAGE):
        page = list(dict.fromkeys(oids[first : first + PAGE]))
        known = _known(handle, page)
        absent = [oid for oid in page if oid not in known]
        start = monotonic()
        read = dict(_read(handle, absent))
        if first == 0 and absent:
            _warn(len(oids), len(absent), monotonic() - start, on_slow)
        _keep(handle, read)
        for oid, data in (known | read).items():
            yield oid, _decoded(data)


def _warn(count: int, read: int, seconds: float, on_slow: OnSlow) -> None:
    rest = seconds / read * count
    if rest > LONG_SECONDS:
        on_slow(count, rest)


def _known(handle: Handle, oids: Iterable[str]) -> dict[str, str]:
    query = "select oid, data from held where oid in (select value from json_each(?))"
    wanted = json.dumps(list(oids))
    return _use(handle, lambda held: dict(held.execute(query, (wanted,)).fetchall()))


def _keep(handle: Handle, read: Mapping[str, str]) -> None:
    def write(held: sqlite3.Connection) -> None:
        with transaction(held):
            held.executemany("insert or ignore into held values (?, ?)", read.items())

    if read:
        _use(handle, write)


def _use(handle: Handle, use: Callable[[sqlite3.Connection], Result]) -> Result:
    return use_cache(handle.local_directory / "values.sqlite", SCHEMA_VERSION, SCHEMA, use)


def _read(handle: Handle, oids: Sequence[str]) -> Iterator[tuple[str, str]]:
    fetch_missing(handle.git, oids)
    for oid, data in zip(oids, _blobs(handle, oids), strict=True):
        try:
            yield oid, _encoded(Manifest.parse(data if data is not None else handle.git.read_blob(oid)))
        except IntegrityError as error:
            handle.notice_broken([error])


def _blobs(handle: Handle, oids: Sequence[str]) -> Sequence[bytes | None]:
    if len(oids) > FEW:
        try:
            return read_blobs(handle.git, oids)
        except MissingDependency:
            pass  # one at a time, without a git program
    return [None] * len(oids)


def sections_of(manifest: Manifest) -> Sections:
    """The same values of one manifest."""
    return _decoded(_encoded(manifest))


def _encoded(manifest: Manifest) -> str:
    sections = {
        "metrics": manifest.metric_values,
        "metadata": dict(flattened(manifest.plain_metadata)),
        "parameters": dict(flattened(_parameters(manifest))),
    }
    return json.dumps(sections, default=_json, separators=(",", ":"))


def _parameters(manifest: Manifest) -> Mapping[str, MetadataValue]:
    held = manifest.lineage.parameters if manifest.lineage is not None else {}
    return cast("Mapping[str, MetadataValue]", held)


def _json(value: object) -> object:
    """A time as an object, which no other value here is; a table in a list is left out."""
    return {"time": value.isoformat()} if isinstance(value, date) else None


def _decoded(data: str) -> Sections:
    sections = json.loads(data)
    return {
        section: {name: value if type(value) is not dict else _time(value) for name, value in held.items()}
        for section, held in sections.items()
    }


def _time(value: dict[str, str]) -> date:
    text = value["time"]
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
