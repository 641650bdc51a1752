"""A model's card: what it says of the metrics, and what cannot be said of one."""

import pytest

from regolo_git.errors import IntegrityError
from regolo_git.records.gates import MetricGate
from regolo_git.records.model_card import MetricRule, ModelCard, new_card_text

FULL = """\
format = 1
description = "what it is"
owner = "team"
zero_patch = true
later = 1
[metrics.accuracy]
direction = "higher"
tolerance_abs = 0
tolerance_rel = 0.5
unit = "%"
[metrics."eval.ms"]
direction = "lower"
"""


def test_a_card_says_what_is_better() -> None:
    found = ModelCard.parse(FULL)
    assert (found.description, found.owner, found.zero_patch) == ("what it is", "team", True)
    assert found.metrics == {
        "accuracy": MetricRule("higher", 0, 0.5, "%"),
        "eval.ms": MetricRule("lower"),
    }
    assert found.unknown == {"later": 1}


def test_a_card_that_says_nothing_is_one() -> None:
    assert ModelCard.parse("format = 1") == ModelCard()
    assert ModelCard.parse("format = 1\n[metrics.x]").metrics == {"x": MetricRule()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('direction = "higher"', 'direction = "up"'),
        ("tolerance_abs = 0", "tolerance_abs = -0.1"),
        ("tolerance_abs = 0", "tolerance_abs = nan"),
        ("tolerance_rel = 0.5", "tolerance_rel = -1"),
        ("tolerance_rel = 0.5", 'tolerance_rel = "x"'),
        ('unit = "%"', "unit = 1"),
        ("zero_patch = true", "zero_patch = 1"),
        ("format = 1", "format = 0"),
    ],
)
def test_unrepresentable_values_are_refused(old: str, new: str) -> None:
    with pytest.raises(IntegrityError):
        ModelCard.parse(FULL.replace(old, new, 1))


def test_a_metric_that_is_not_a_table_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"\[metrics\.x\]"):
        ModelCard.parse("format = 1\n[metrics]\nx = 1")


@pytest.mark.parametrize(("description", "zero_patch"), [(None, False), ("text", True)])
def test_a_new_card_reads_back(description: str | None, zero_patch: bool) -> None:
    text = new_card_text(description=description, zero_patch=zero_patch)
    assert ModelCard.parse(text) == ModelCard(description, zero_patch=zero_patch)


def test_the_example_in_a_new_card_is_one() -> None:
    text = new_card_text(description=None, zero_patch=False)
    example = [line[1:].strip() for line in text.splitlines() if line.startswith("#   ")]
    found = ModelCard.parse("\n".join(["format = 1", *example]))
    assert found.metrics == {"accuracy": MetricRule("higher", 0.001, None, "%")}
    assert found.gates == {"accuracy": MetricGate(min=0.85, max_drop=0.005)}
