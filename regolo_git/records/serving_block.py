"""The `[serving]` table of a manifest: how a version is loaded and called.

The table is only a proposal by the author of the version; the operator decides what may be loaded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Self, cast

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.metadata import normalize_metadata
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue

FORMATS = (
    "onnx",
    "safetensors",
    "skops",
    "xgboost",
    "lightgbm",
    "catboost",
    "tflite",
    "mlflow",
    "python",
)
# Formats implied by a file's name, so that no table is needed; all are data, not code.  Names of
# text files of XGBoost and LightGBM (`.json`, `.txt`) say too little.
SUFFIXES = {
    ".onnx": "onnx",
    ".skops": "skops",
    ".ubj": "xgboost",
    ".cbm": "catboost",
    ".tflite": "tflite",
}
ENTRY_POINT = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


MOST_ROWS = 1024
# Well below the time after which a gateway takes requests back from a worker that begins none.
LONGEST_WAIT = 500
DEFAULT_WAIT = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that wait may be joined into one call of up to `max` rows.

    A worker that expects others waits for them for up to `wait_ms` milliseconds.
    """

    max: int
    wait_ms: int = DEFAULT_WAIT

    def __post_init__(self) -> None:
        if not 2 <= self.max <= MOST_ROWS:
            raise InvalidInput(f"'max' of 'batch' in [serving] is {self.max}, not 2 to {MOST_ROWS} rows")
        if not 0 <= self.wait_ms <= LONGEST_WAIT:
            raise InvalidInput(
                f"'wait_ms' of 'batch' in [serving] is {self.wait_ms}, not 0 to {LONGEST_WAIT} milliseconds"
            )

    @classmethod
    def read(cls, reader: TableReader) -> Self:
        """Reads the table.  Raises InvalidInput, IntegrityError."""
        wait = reader.take_optional("wait_ms", int)
        block = cls(reader.take("max", int), DEFAULT_WAIT if wait is None else wait)
        if reader.rest:
            raise InvalidInput(f"'batch' in [serving] has an unknown key '{next(iter(reader.rest))}'")
        return block

    def to_mapping(self) -> dict[str, TomlValue]:
        """The canonical table."""
        table: dict[str, TomlValue] = {"max": self.max}
        if self.wait_ms != DEFAULT_WAIT:
            table["wait_ms"] = self.wait_ms
        return table


@dataclass(frozen=True, slots=True)
class ServingBlock:
    """A format or `module:callable`, its configuration, warm-up requests, and the name of an interpreter.

    `idempotent` allows the gateway to send a request again, and `batch` the worker to join requests: that
    each row is answered as it would be alone, only the model's author can know.
    """

    format: str
    entry_point: str | None = None
    config: Table = field(default_factory=dict)
    warmup: tuple[Table, ...] = ()
    interpreter: str | None = None
    idempotent: bool = False
    batch: Batch | None = None

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> Self:
        """Parses the table.  Raises InvalidInput."""
        try:
            return cls._read(TableReader(cast(Table, normalize_metadata(table)), "[serving]"))
        except IntegrityError as error:
            raise InvalidInput(error.message, error.hint) from error

    @classmethod
    def _read(cls, reader: TableReader) -> Self:
        entry_point = reader.take_optional("entry_point", str)
        kind = reader.take_optional("format", str) or ("python" if entry_point else None)
        if kind not in FORMATS:
            raise InvalidInput(f"[serving] has no known format ({', '.join(FORMATS)})")
        if entry_point is not None and not ENTRY_POINT.fullmatch(entry_point):
            raise InvalidInput(f"'{entry_point}' in [serving] is not of the form module:callable")
        if entry_point is None and kind in ("python", "safetensors"):
            raise InvalidInput(f"[serving] with format '{kind}' needs an entry_point, module:callable")
        warmup = reader.take_optional("warmup", list) or []
        if not all(isinstance(request, Mapping) for request in warmup):
            raise InvalidInput("'warmup' in [serving] is not a list of requests")
        idempotent = reader.take_optional("idempotent", bool)
        block = cls(
            format=kind,
            entry_point=entry_point,
            config=reader.take_optional("config", dict) or {},
            warmup=tuple(cast(list[Table], warmup)),
            interpreter=reader.take_optional("interpreter", str),
            idempotent=bool(idempotent),
            batch=Batch.read(reader.take_table("batch")) if "batch" in reader.rest else None,
        )
        if reader.rest:
            raise InvalidInput(f"[serving] has an unknown key '{next(iter(reader.rest))}'")
        return block

    def to_mapping(self) -> dict[str, TomlValue]:
        """The canonical table, plain values first."""
        table: dict[str, TomlValue] = {"format": self.format}
        if self.entry_point is not None:
            table["entry_point"] = self.entry_point
        if self.interpreter is not None:
            table["interpreter"] = self.interpreter
        if self.idempotent:
            table["idempotent"] = True
        if self.warmup:
            table["warmup"] = list(self.warmup)
        if self.batch is not None:
            table["batch"] = self.batch.to_mapping()
        if self.config:
            table["config"] = self.config
        return table


def implied_by(name: str) -> ServingBlock | None:
    """The block implied by a file's name; None if there is none."""
    implied = SUFFIXES.get(PurePath(name).suffix)
    return ServingBlock(format=implied) if implied is not None else None


def is_implied(table: Mapping[str, object]) -> bool:
    """Whether a file's name alone could imply the table."""
    return table.keys() == {"format"} and table["format"] in SUFFIXES.values()
