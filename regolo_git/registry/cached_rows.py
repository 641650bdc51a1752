"""Texts about versions as of one commit of the registry branch, kept in a small file beside the statuses.

`list` shows them without opening Git.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from regolo_git.errors import InvalidInput
from regolo_git.git.small_files import keep_json
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.handle import Handle
from regolo_git.system_calls import read_ordinary

if TYPE_CHECKING:
    from regolo_git.registry.records_at import Listing, Record

Rows = Mapping[str, Sequence[str]]  # of one model, by a key
Value = TypeVar("Value")


def read_cached(
    handle: Handle,
    name: str,
    tip: str,
    model: str,
    read: "Callable[[], Listing[Record]]",
    rows: "Callable[[Record], Rows]",
    parse: Callable[[Rows], Value],
) -> Value:
    """What `parse` makes of the rows of a model as of the commit `tip`.

    They are in the file `name`, or else are those of the records of all models; a notice names a record that
    cannot be read.
    """
    try:
        reader = JsonReader.parse(read_ordinary(handle.local_directory / name), f"the cache '{name}'")
        if reader.get("tip", str) == tip:
            return parse(_of_model(reader.object("models"), model))
    except (OSError, InvalidInput, ValueError):
        pass  # only a cache
    listing = read()
    found = {of: rows(record) for of, record in listing.by_name.items()}
    handle.notice_broken(listing.broken.values())
    if not listing.broken:  # so that the next command reports it too
        keep_json(handle.local_directory / name, {"tip": tip, "models": found})
    return parse(found.get(model, {}))


def _of_model(models: JsonReader, model: str) -> Rows:
    if model not in list(models):
        return {}
    held = models.object(model)
    return {str(key): held.list_of(key, str) for key in held}
