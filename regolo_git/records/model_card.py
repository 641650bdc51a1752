"""The model card `model.toml`, a description of a model: edited by people, so this module only reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, cast

from regolo_git.errors import IntegrityError
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document, load_document

FORMAT = 1
Direction = Literal["higher", "lower"]
CARD_HELP = """\
# Model card: edit it freely.  `git regolo diff` uses it to tell better from worse:
#   [metrics.accuracy]
#   direction = "higher"
#   tolerance_abs = 0.001
#   unit = "%"
"""


@dataclass(frozen=True, slots=True)
class MetricRule:
    """The better direction of a metric, the change that still counts as equal, and the unit."""

    direction: Direction | None = None
    tolerance_abs: float | None = None
    tolerance_rel: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's card; with `zero_patch` its versions are written `1.0.0`, otherwise `1.0`."""

    description: str | None = None
    owner: str | None = None
    zero_patch: bool = False
    metrics: Mapping[str, MetricRule] = field(default_factory=dict)
    unknown: Table = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses a card.  Raises IntegrityError."""
        reader = TableReader(load_document(text, "the model card"), "the model card")
        reader.take_format(FORMAT)
        metrics = reader.take_optional("metrics", dict) or {}
        return cls(
            description=reader.take_optional("description", str),
            owner=reader.take_optional("owner", str),
            zero_patch=reader.take_optional("zero_patch", bool) or False,
            metrics={name: _read_rule(name, value) for name, value in metrics.items()},
            unknown=reader.rest,
        )


def _read_rule(name: str, value: TomlValue) -> MetricRule:
    if not isinstance(value, dict):
        raise IntegrityError(f"[metrics.{name}] in the model card is not a table")
    reader = TableReader(value, f"[metrics.{name}] in the model card")
    direction = reader.take_optional("direction", str)
    if direction not in (None, "higher", "lower"):
        raise IntegrityError(f'\'direction\' in {reader.what} is neither "higher" nor "lower"')
    rule = MetricRule(
        cast("Direction | None", direction),
        reader.take_number("tolerance_abs"),
        reader.take_number("tolerance_rel"),
        reader.take_optional("unit", str),
    )
    if any(
        tolerance is not None and not tolerance >= 0 for tolerance in (rule.tolerance_abs, rule.tolerance_rel)
    ):
        raise IntegrityError(f"a tolerance in {reader.what} is negative")
    return rule


def new_card_text(*, description: str | None, zero_patch: bool) -> str:
    """The initial card of a model."""
    document: dict[str, TomlValue] = {"format": FORMAT}
    if description is not None:
        document["description"] = description
    document["zero_patch"] = zero_patch
    return CARD_HELP + dump_document(document)
