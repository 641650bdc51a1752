"""A worker's orders, and the key that identifies equal workers.

The key is a digest of the artifact's digest and of everything that changes how it is loaded.  A version whose
`[serving]` block or artifact changed under the same name gets new workers; the same content under a new name
keeps the warm ones.
"""

import json
import signal
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.records.references import Reference
from regolo_git.records.serving_block import Batch, ServingBlock, implied_by
from regolo_git.records.toml_text import TomlValue
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.policy import Permission

# Not SIGTERM: see `http_server.py`.
STOP_SIGNAL = signal.SIGUSR1


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One version's files and how they are loaded; plain values, sent to the worker as JSON.

    `threads` is how many one worker may use, which is no reason to replace it.
    """

    model: str
    path: Path
    digest: Digest
    format: str
    entry_point: str | None
    config: dict[str, Json]
    warmup: tuple[Json, ...]
    idempotent: bool
    interpreter: Path | None
    trusted_types: tuple[str, ...]
    repository_code: bool
    environment: tuple[str, ...] = ()
    batch: Batch | None = None
    threads: int = 1

    @classmethod
    def of(cls, model: str, files: ModelFiles, block: ServingBlock, permission: Permission) -> Self:
        """A version as its manifest describes it and the operator permits it."""
        return cls(
            model=model,
            path=files.path,
            digest=files.digest,
            format=block.format,
            entry_point=block.entry_point,
            config={key: _plain(value) for key, value in block.config.items()},
            warmup=tuple(_plain(request) for request in block.warmup),
            idempotent=block.idempotent,
            interpreter=permission.interpreter,
            trusted_types=permission.trusted_types,
            repository_code=permission.repository_code,
            environment=permission.environment,
            batch=block.batch,
        )

    @property
    def key(self) -> str:
        """The digest that workers are keyed by: the content and how it is loaded, not its path."""
        table = {k: v for k, v in self.to_json().items() if k not in ("path", "idempotent", "threads")}
        return blake2b(json.dumps(table, sort_keys=True).encode(), digest_size=16).hexdigest()

    @property
    def options(self) -> JsonReader:
        """The config, for loaders that read options from it."""
        return JsonReader(self.config, "[serving.config]")

    def to_json(self) -> dict[str, Json]:
        """The form sent to the worker."""
        return {
            "model": self.model,
            "path": str(self.path),
            "digest": str(self.digest),
            "format": self.format,
            "entry_point": self.entry_point,
            "config": self.config,
            "warmup": list(self.warmup),
            "idempotent": self.idempotent,
            "interpreter": str(self.interpreter) if self.interpreter else None,
            "trusted_types": list(self.trusted_types),
            "repository_code": self.repository_code,
            "environment": list(self.environment),
            "batch": [self.batch.max, self.batch.wait_ms] if self.batch is not None else None,
            "threads": self.threads,
        }

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        interpreter = reader.get_optional("interpreter", str)
        batch = reader.list_of("batch", int) if reader.get_optional("batch", list) is not None else None
        return cls(
            model=reader.get("model", str),
            path=Path(reader.get("path", str)),
            digest=Digest.parse(reader.get("digest", str)),
            format=reader.get("format", str),
            entry_point=reader.get_optional("entry_point", str),
            config=reader.get("config", dict),
            warmup=tuple(reader.get("warmup", list)),
            idempotent=reader.get("idempotent", bool),
            interpreter=Path(interpreter) if interpreter is not None else None,
            trusted_types=tuple(reader.list_of("trusted_types", str)),
            repository_code=reader.get("repository_code", bool),
            environment=tuple(reader.list_of("environment", str)),
            batch=Batch(*batch) if batch is not None else None,
            threads=reader.get_optional("threads", int) or 1,
        )


@dataclass(frozen=True, slots=True)
class WorkerOrders:
    """Everything a worker is started with; `report` is the descriptor of the pipe for its report."""

    parent: int
    socket: Path
    report: int
    drain_seconds: int
    spec: WorkerSpec

    def to_json(self) -> dict[str, Json]:
        """The form sent to the worker."""
        return {
            "parent": self.parent,
            "socket": str(self.socket),
            "report": self.report,
            "drain_seconds": self.drain_seconds,
            "spec": self.spec.to_json(),
        }

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        return cls(
            parent=reader.get("parent", int),
            socket=Path(reader.get("socket", str)),
            report=reader.get("report", int),
            drain_seconds=reader.get("drain_seconds", int),
            spec=WorkerSpec.read(reader.object("spec")),
        )


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """The one line that a worker writes before it serves or exits: a problem, or none.

    A full disk is the machine's problem, and not the model's.
    """

    problem: str | None = None
    hint: str | None = None
    disk_full: bool = False

    def to_line(self) -> str:
        """The line sent to the supervisor."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Reads `to_line`; anything else, which a model's own code may write, is a problem too."""
        try:
            reader = JsonReader.parse(line, "the report")
            return cls(
                reader.get_optional("problem", str),
                reader.get_optional("hint", str),
                reader.get_optional("disk_full", bool) or False,
            )
        except InvalidInput:
            return cls("the worker reported garbage")


def serving_block(files: ModelFiles, reference: Reference) -> ServingBlock:
    """The version's own block, or the one that its file's name implies.  Raises InvalidInput."""
    if files.serving is not None:
        return ServingBlock.parse(files.serving)
    implied = implied_by(files.path.name)
    if implied is None:
        model, _, version = str(reference).partition("@")
        raise InvalidInput(
            f"'{reference}' has no [serving] block, so it cannot be loaded",
            Hint("commit", model, "--from", version, "--serving", "serving.toml", "--yes"),
        )
    return implied


def _plain(value: TomlValue) -> Json:
    """Dates and times have no form in JSON and become text."""
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return value if isinstance(value, bool | int | float | str) else str(value)
