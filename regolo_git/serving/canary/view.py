"""What the engine of this machine says of an endpoint: the counts of a block, and how its workers do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import quote, urlencode

from regolo_git.records.json_reader import JsonReader
from regolo_git.serving.canary.blocks import Reading
from regolo_git.serving.local.admin_client import ask


@dataclass(frozen=True, slots=True)
class Observation:
    """One look: `traffic` is the split that every gateway uses, `failed` are versions that do not start.

    `restarts` counts workers by version that were replaced or did not start again, `worker_problems` says why
    one is missing now; `problem` is why the branch is not in force; `withheld` is the version that gets no
    requests whatever the branch says.
    """

    reading: Reading
    traffic: Mapping[str, float] | None
    restarts: Mapping[str, int]
    failed: tuple[str, ...]
    problem: str | None
    withheld: str | None
    worker_problems: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads what the supervisor says.  Raises InvalidInput."""
        arms = reader.object("arms")
        totals = {str(version): tuple(arms.list_of(version, int)) for version in arms}
        has_traffic = reader.get_optional("traffic", dict) is not None
        return cls(
            reading=Reading(reader.get("source", str), reader.get("time", float), totals),
            traffic=reader.dict_of("traffic", float) if has_traffic else None,
            restarts=reader.dict_of("restarts", int),
            failed=tuple(reader.list_of("failed", str)),
            problem=reader.get_optional("problem", str),
            withheld=reader.get_optional("withheld", str),
            worker_problems=reader.dict_of("worker_problems", str),
        )


class EngineView(Protocol):
    """What a controller knows of the engine, and the one order that it may give."""

    def look(self, endpoint: str) -> Observation:
        """Ends a block.  Raises RegoloError if the engine does not answer, or does not serve the endpoint."""
        ...

    def withhold(self, endpoint: str, version: str) -> None:
        """Gives a version no more requests until the branch changes the split.  Raises RegoloError."""
        ...


class LocalEngine:
    """The engine of a repository, over its admin socket."""

    def __init__(self, common_directory: Path) -> None:
        self._common = common_directory

    def look(self, endpoint: str) -> Observation:
        """Ends a block; see `EngineView`."""
        answer = ask(self._common, "POST", f"/endpoints/{quote(endpoint)}/block")
        return Observation.read(JsonReader.of(answer, "the engine's answer"))

    def withhold(self, endpoint: str, version: str) -> None:
        """Withholds a version; see `EngineView`."""
        query = urlencode({"version": version})
        ask(self._common, "POST", f"/endpoints/{quote(endpoint)}/withhold?{query}")
