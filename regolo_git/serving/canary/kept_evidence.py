"""What the deciding process has measured of a canary: a file in the runtime directory, replaced whole.

It outlives gateways and servers, and pages and commands read it.  On another machine it is missing.
"""

import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader

FORMAT = 1


def write_evidence(path: Path, document: Mapping[str, Json]) -> None:
    """Replaces the file.  Raises OSError; then the file before is unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    with new.open("w") as file:
        json.dump({"format": FORMAT, **document}, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def decider_id(directory: Path) -> str:
    """The name by which the servers of one clone decide, one after another: the host's, and a random part.

    It is created at the first call and kept in the directory.  Raises OSError.
    """
    path = directory / "decider"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        host = re.sub(r"[^A-Za-z0-9.-]+", "-", socket.gethostname())[:40] or "host"
        new = path.with_suffix(".new")
        new.write_text(f"{host}-{secrets.token_hex(4)}\n")
        new.replace(path)
        return path.read_text().strip()


def read_evidence(path: Path) -> JsonReader | None:
    """The document; None if there is none, or none that this release can read."""
    try:
        reader = JsonReader.parse(path.read_bytes(), "the evidence")
        return reader if reader.get("format", int) == FORMAT else None
    except (OSError, ValueError, RecursionError, InvalidInput):
        return None
