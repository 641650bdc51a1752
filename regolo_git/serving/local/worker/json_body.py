"""The body of a request as JSON.

`json.loads` keeps the last of two values with the same key.  In a request that would be another request than
the one that the caller wrote, so it is refused.
"""

import json
from collections.abc import Iterable

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader


def read_body(body: bytes) -> JsonReader:
    """The object that a body holds.  Raises InvalidInput."""
    return JsonReader.of(read_json(body), "the body")


def read_json(body: bytes) -> Json:
    """The value that a body holds.  Raises InvalidInput."""
    try:
        value: Json = DECODER.decode(body.decode(json.detect_encoding(body)))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON") from error
    return value


def _object(pairs: list[tuple[str, Json]]) -> Json:
    held = dict(pairs)
    if len(held) < len(pairs):
        twice = first_repeated(name for name, _ in pairs)
        raise InvalidInput(f"the body has '{twice}' twice in the same object")
    return held


def first_repeated(names: Iterable[str]) -> str | None:
    """The first name that was there before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


# `json.loads` with a hook would build one for each request, which takes longer than to read a short body.
DECODER = json.JSONDecoder(object_pairs_hook=_object)
