"""What the supervisor starts a worker with, and the key by which workers are told apart.

The key is a digest over the artifact's digest and everything that changes how it is loaded.  A version whose
`[serving]` block or artifact changed under the same name gets new workers; the same content under a new name
keeps the warm ones.
"""

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self, cast

from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.references import Reference
from regolo_git.records.serving_block import ServingBlock, implied_by
from regolo_git.serving.desired import ModelFiles
from regolo_git.serving.json_value import Json, as_json, json_list, json_number, json_object, json_text
from regolo_git.serving.policy import Permission


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One version's bytes and how they are loaded; plain values that travel to the worker as JSON."""

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

    @classmethod
    def of(cls, model: str, files: ModelFiles, block: ServingBlock, permission: Permission) -> Self:
        """A version as its manifest describes it and the operator permits it."""
        return cls(
            model=model,
            path=files.path,
            digest=files.digest,
            format=block.format,
            entry_point=block.entry_point,
            config=json_object(as_json(_plain(block.config)), "'config' of [serving]"),
            warmup=tuple(as_json(_plain(request)) for request in block.warmup),
            idempotent=block.idempotent,
            interpreter=permission.interpreter,
            trusted_types=permission.trusted_types,
            repository_code=permission.repository_code,
        )

    @property
    def key(self) -> str:
        """The digest that workers are keyed by: what is loaded and how, not where it lies."""
        table = {k: v for k, v in self.to_json().items() if k not in ("path", "idempotent")}
        return blake2b(json.dumps(table, sort_keys=True).encode(), digest_size=16).hexdigest()

    def to_json(self) -> dict[str, Json]:
        """As it travels to the worker."""
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
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        table = json_object(value, "the worker's orders")
        interpreter = table["interpreter"]
        return cls(
            model=json_text(table["model"], "'model'"),
            path=Path(json_text(table["path"], "'path'")),
            digest=Digest.parse(json_text(table["digest"], "'digest'")),
            format=json_text(table["format"], "'format'"),
            entry_point=cast(str | None, table["entry_point"]),
            config=json_object(table["config"], "'config'"),
            warmup=tuple(json_list(table["warmup"], "'warmup'")),
            idempotent=table["idempotent"] is True,
            interpreter=Path(json_text(interpreter, "'interpreter'")) if interpreter else None,
            trusted_types=tuple(json_text(t, "a type") for t in json_list(table["trusted_types"], "types")),
            repository_code=table["repository_code"] is True,
        )


@dataclass(frozen=True, slots=True)
class WorkerOrders:
    """What a worker is to do, and where; `report` is the descriptor of the pipe."""

    parent: int
    socket: Path
    report: int
    drain_seconds: int
    spec: WorkerSpec

    def to_json(self) -> dict[str, Json]:
        """As they travel to the worker."""
        return {
            "parent": self.parent,
            "socket": str(self.socket),
            "report": self.report,
            "drain_seconds": self.drain_seconds,
            "spec": self.spec.to_json(),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        table = json_object(value, "the orders")
        return cls(
            parent=int(json_number(table["parent"], "'parent'")),
            socket=Path(json_text(table["socket"], "'socket'")),
            report=int(json_number(table["report"], "'report'")),
            drain_seconds=int(json_number(table["drain_seconds"], "'drain_seconds'")),
            spec=WorkerSpec.from_json(table["spec"]),
        )


def serving_block(files: ModelFiles, reference: Reference) -> ServingBlock:
    """The version's own block, or the one that its file's name implies.  Raises InvalidInput."""
    if files.serving is not None:
        return ServingBlock.parse(files.serving)
    implied = implied_by(files.path.name)
    if implied is None:
        model, _, version = str(reference).partition("@")
        raise InvalidInput(
            f"'{reference}' has no [serving] block that says how it is loaded",
            Hint("commit", model, "--from", version, "--serving", "FILE", "--yes"),
        )
    return implied


def _plain(value: object) -> object:
    """TOML's dates have no form in JSON and become text."""
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return value if isinstance(value, bool | int | float | str) else str(value)
