"""The files that the first step of cleaning a store condemned, as canonical JSON.

What `condemned/<list>` names is deleted a day later at the earliest.  While that goes on,
`condemned/<list>.deleting` is beside it; of the two the list is removed first.
"""

import json
import re
from dataclasses import dataclass
from typing import Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.tables import check_format

FORMAT = 1
BYTES_LIMIT = 256 << 20
DELETING = ".deleting"
WHAT = "a list of condemned files"
_PATH = re.compile(r"(?:chunks|recipes|packs)/([0-9a-f]{2})/\1[0-9a-f]{62}(?:\.[a-z]{1,16})?")


@dataclass(frozen=True, slots=True)
class CondemnedList:
    """The paths in the store, sorted."""

    paths: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """The canonical bytes of the list."""
        document = {"format": FORMAT, "paths": list(self.paths)}
        return f"{json.dumps(document, sort_keys=True, separators=(',', ':'))}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Reads a list.  Raises IntegrityError, NewerFormat."""
        if len(data) > BYTES_LIMIT:
            raise IntegrityError(f"{WHAT} is too large")
        try:
            reader = JsonReader.parse(data, WHAT)
            check_format(reader.get("format", int), FORMAT, WHAT)
            paths = tuple(reader.list_of("paths", str))
        except InvalidInput as error:
            raise IntegrityError(error.message) from error
        if not all(map(_PATH.fullmatch, paths)):
            raise IntegrityError(f"'paths' in {WHAT} has one that is not of a chunk, a recipe or a pack")
        found = cls(paths)
        if found.to_bytes() != data or list(paths) != sorted(set(paths)):
            raise IntegrityError(f"{WHAT} is not in its canonical form")
        return found
