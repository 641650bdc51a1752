"""The verdict on a canary for other controllers, such as Argo Rollouts and Flagger, from the kept evidence.

What is not known is a reason to hold: no evidence, evidence of another version, or of a process that has
stopped to measure.
"""

import time
from pathlib import Path
from typing import Final

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.text.printable import without_controls

# Evidence is written at least every five seconds; older evidence promotes nothing.
FRESH_SECONDS: Final = 60.0
MOST_BYTES: Final = 4 << 20
WORDS: Final = {"roll_back": "rollback", "promote": "promote", "hold": "hold"}


def verdict_on(path: Path, version: str | None) -> dict[str, Json]:
    """`verdict` ("promote", "rollback" or "hold") and `reason`, of a version or of the last candidate."""
    try:
        age = abs(time.time() - path.stat().st_mtime)
        with path.open("rb") as file:
            reader = JsonReader.parse(file.read(MOST_BYTES), "the evidence")
        found = reader.object("verdict")
        candidate, kind, reason = (
            reader.get("candidate", str),
            found.get("kind", str),
            found.get("reason", str),
        )
    except (OSError, InvalidInput):
        return _hold("no canary was measured here")
    if version is not None and version != candidate:
        return _hold(f"the last canary here was of {without_controls(candidate)}")
    if kind == "promote" and age > FRESH_SECONDS:
        return _hold("the evidence is old: the server does not measure any more")
    return {"verdict": WORDS.get(kind, "hold"), "reason": without_controls(reason), "version": candidate}


def _hold(reason: str) -> dict[str, Json]:
    return {"verdict": "hold", "reason": reason, "version": None}
