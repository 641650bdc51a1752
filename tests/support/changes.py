"""What changed between two versions, written by hand."""

from typing import Any

from regolo_git.records.measurement import Measurement, as_measurements
from regolo_git.records.model_card import MetricRule
from regolo_git.reviews.comparison import Comparison
from regolo_git.reviews.files import FileChange
from regolo_git.reviews.metadata import MetadataChange
from regolo_git.verdict.metrics import compare_metrics
from regolo_git.verdict.tensors import compare_tensors
from support.tensors import recipe, tensor

HOSTILE = "a|b<b>c</b>&[d](e)*_`\\f\ng\x1b[31mh\u202ei\ud800"


def changes(**values: Any) -> Comparison:
    """Changes of every kind; `values` replace some of them."""
    metrics = compare_metrics(
        as_measurements({"accuracy": 0.89, "same": 1, "gone": 2.0}),
        as_measurements({"accuracy": 0.92, "same": 1, "new": 3}),
        {"accuracy": MetricRule(direction="higher", tolerance_abs=0.01, unit="%")},
    )
    usual: dict[str, Any] = {
        "model_id": "nlp/m",
        "version_a": "1.0",
        "version_b": "1.1-rc.1",
        "size_a": 4096,
        "size_b": 5000,
        "same_content": False,
        "metrics": metrics,
        "metadata": (MetadataChange("note", "old", ["new", "er"]), MetadataChange("flag", None, True)),
        "files": (FileChange("a.bin", "changed", 1, 2), FileChange("b.txt", "added", None, 1500)),
        "tensors": compare_tensors(
            recipe(tensor("w"), tensor("x"), tensor("y")), recipe(tensor("w"), tensor("x", shape=(3, 1)))
        ),
        "description_a": "first",
        "description_b": "second",
    }
    return Comparison(**usual | values)


def hostile_changes() -> Comparison:
    """Every text that somebody else can choose is hostile."""
    return changes(
        metrics=compare_metrics({}, {HOSTILE: Measurement(1)}, {HOSTILE: MetricRule(unit=HOSTILE)}),
        metadata=(MetadataChange(HOSTILE, HOSTILE, [HOSTILE.replace("\ud800", "")]),),
        files=(FileChange(HOSTILE, "added", None, 1),),
        tensors=compare_tensors(recipe(), recipe(tensor(HOSTILE, dtype=HOSTILE))),
        description_b=HOSTILE,
    )
