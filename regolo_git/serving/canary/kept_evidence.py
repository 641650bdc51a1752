"""What the deciding process has measured of a canary: a file in the runtime directory, replaced whole.

It outlives gateways and servers, and pages and commands read it.  On another machine it is missing.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.records.names import check_endpoint_name
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

FORMAT = 1


def evidence_file(common_directory: Path, endpoint: str) -> Path:
    """The file of an endpoint."""
    return RuntimeDirectory.of(common_directory).home / "canary" / f"{check_endpoint_name(endpoint)}.json"


def write_evidence(path: Path, document: Mapping[str, Json]) -> None:
    """Replaces the file.  Raises OSError; then the file before is unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    with new.open("w") as file:
        json.dump({"format": FORMAT, **document}, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read_evidence(path: Path) -> JsonReader | None:
    """The document; None if there is none, or none that this release can read."""
    try:
        reader = JsonReader.parse(path.read_bytes(), "the evidence")
        return reader if reader.get("format", int) == FORMAT else None
    except (OSError, ValueError, RecursionError, InvalidInput):
        return None
