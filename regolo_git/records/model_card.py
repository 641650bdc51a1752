"""The model card `model.toml`, a description of a model: edited by people, so this module only reads it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, Self, cast

from regolo_git.errors import IntegrityError
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document
from regolo_git.text.json_values import Plain, plain

if TYPE_CHECKING:
    from regolo_git.records.gates import MetricGate

FORMAT = 1
Direction = Literal["higher", "lower"]
CARD_HELP = """\
# Model card: edit it freely.  `git regolo diff` uses it to tell better from worse:
#   [metrics.accuracy]
#   direction = "higher"
#   tolerance_abs = 0.001
#   unit = "%"
# and a version that fails a gate is not promoted:
#   [gates.accuracy]
#   min = 0.85
#   max_drop = 0.005
"""


@dataclass(frozen=True, slots=True)
class MetricRule:
    """The better direction of a metric, the change that still counts as equal, and the unit."""

    direction: Direction | None = None
    tolerance_abs: float | None = None
    tolerance_rel: float | None = None
    unit: str | None = None

    def to_dict(self) -> Plain:
        """The rule as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's card; with `zero_patch` its versions are written `1.0.0`, otherwise `1.0`.

    `strict` refuses new versions whose artifact says itself that it is incomplete.
    """

    description: str | None = None
    owner: str | None = None
    zero_patch: bool = False
    strict: bool = False
    metrics: Mapping[str, MetricRule] = field(default_factory=dict)
    gates: "Mapping[str, MetricGate]" = field(default_factory=dict)
    unknown: Table = field(default_factory=dict)

    def to_dict(self) -> Plain:
        """What the card says, as plain values."""
        return {
            "description": self.description,
            "owner": self.owner,
            "strict": self.strict,
            "metric_rules": {name: rule.to_dict() for name, rule in self.metrics.items()},
            "gates": {name: plain(asdict(gate)) for name, gate in self.gates.items()},
        }

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses a card.  Raises IntegrityError."""
        reader = TableReader.of_document(text, "the model card", newest=FORMAT)
        return cls(
            description=reader.take_optional("description", str),
            owner=reader.take_optional("owner", str),
            zero_patch=reader.take_optional("zero_patch", bool) or False,
            strict=reader.take_optional("strict", bool) or False,
            metrics={name: _read_rule(rule) for name, rule in reader.take_tables("metrics")},
            gates=_read_gates(reader) if "gates" in reader.rest else {},
            unknown=reader.rest,
        )


def _read_gates(reader: TableReader) -> "dict[str, MetricGate]":
    from regolo_git.records.gates import read_metric_gates  # noqa: PLC0415 - for a card that has some

    return read_metric_gates(reader, "gates")


def _read_rule(reader: TableReader) -> MetricRule:
    direction = reader.take_optional("direction", str)
    if direction not in (None, "higher", "lower"):
        raise IntegrityError(f'\'direction\' in {reader.what} is neither "higher" nor "lower"')
    rule = MetricRule(
        cast("Direction | None", direction),
        reader.take_optional("tolerance_abs", float),
        reader.take_optional("tolerance_rel", float),
        reader.take_optional("unit", str),
    )
    if not ((rule.tolerance_abs or 0) >= 0 and (rule.tolerance_rel or 0) >= 0):  # nor NaN
        raise IntegrityError(f"a tolerance in {reader.what} is negative")
    return rule


def new_card_text(*, description: str | None, zero_patch: bool) -> str:
    """The initial card of a model."""
    document: dict[str, TomlValue] = {"format": FORMAT}
    if description is not None:
        document["description"] = description
    document["zero_patch"] = zero_patch
    return CARD_HELP + dump_document(document, "the model card")
