"""Gates as people write them: in the model card for a metric, in the configuration for an environment."""

import pytest

from regolo_git.errors import IntegrityError
from regolo_git.records.config import RegistryConfig
from regolo_git.records.gates import EnvironmentGates, MetricGate
from regolo_git.records.model_card import ModelCard

PLACE = "[environments.production.gates]\n"


def metric_gates(text: str) -> dict[str, MetricGate]:
    return dict(ModelCard.parse(f"format = 1\n{text}").gates)


def environment_gates(text: str) -> EnvironmentGates | None:
    rule = RegistryConfig.parse(f"format = 1\n[environments.production]\n{text}").environment("production")
    assert rule is not None
    return rule.gates


def test_a_card_without_gates_has_none() -> None:
    assert metric_gates("") == {}


def test_every_key_of_a_metric_gate_is_read() -> None:
    text = (
        '[gates.accuracy]\nmin = 0.85\nmax = 1\nmax_drop = 0.005\nmax_drop_rel = 0\nfail = "unproven"\n'
        'required = true\n[gates."eval.loss"]\nmax = 2\n'
    )
    assert metric_gates(text) == {
        "accuracy": MetricGate(0.85, 1, 0.005, 0, "unproven", True),
        "eval.loss": MetricGate(max=2),
    }


def test_a_limit_may_be_any_finite_number_and_required_stands_alone() -> None:
    assert metric_gates("[gates.x]\nmin = -2\nmax = -2\n") == {"x": MetricGate(min=-2, max=-2)}
    assert metric_gates("[gates.x]\nrequired = true\n") == {"x": MetricGate(required=True)}


def test_an_unknown_key_of_a_metric_gate_is_kept_to_be_told() -> None:
    assert metric_gates("[gates.x]\nmax_dorp = 0.1\n")["x"].unknown == {"max_dorp": 0.1}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[gates]\nx = 0.85", r"\[gates\.x\] in the model card is not a table"),
        ("gates = 1", r"'gates'"),
        ("[gates.x]", r"\[gates\.x\] in the model card has no limit"),
        ('[gates.x]\nfail = "unproven"', r"has no limit"),
        ("[gates.x]\nrequired = false", r"has no limit"),
        ('[gates.x]\nmin = "0.85"', r"'min' in \[gates\.x\] .* is not a number"),
        ("[gates.x]\nmin = true", r"'min' .* is not a number"),
        ("[gates.x]\nmin = nan", r"'gates\.x\.min' .* not a finite number"),
        ("[gates.x]\nmax = -inf", r"'gates\.x\.max' .* not a finite number"),
        ("[gates.x]\nmin = 2\nmax = 1", r"'min' .* is above its 'max'"),
        ("[gates.x]\nmax_drop = -0.1", r"'max_drop' .* is negative"),
        ("[gates.x]\nmax_drop_rel = -1", r"'max_drop_rel' .* is negative"),
        ('[gates.x]\nmin = 1\nfail = "always"', r"'fail' .* is neither \"worse\" nor \"unproven\""),
        ("[gates.x]\nmin = 1\nrequired = 1", r"'required' .* is not true or false"),
        ('[gates."a\\u001bb"]\nmin = true', r"'min' in \[gates\.[^\x1b]*\]"),
    ],
)
def test_a_metric_gate_that_cannot_be_is_named(text: str, named: str) -> None:
    with pytest.raises(IntegrityError, match=named):
        metric_gates(text)


def test_an_environment_without_gates_has_none() -> None:
    assert environment_gates("") is None
    assert environment_gates(PLACE) == EnvironmentGates()


def test_every_key_of_the_gates_of_an_environment_is_read() -> None:
    text = (
        f'{PLACE}signed = true\nscan = "known"\nmetadata = ["intended_use"]\nlicences = ["mit", "apache-2.0"]\n'
        "later = 1\n[environments.production.gates.metrics.latency_ms]\nmax = 50\n"
    )
    assert environment_gates(text) == EnvironmentGates(
        True,
        "known",
        ("intended_use",),
        ("mit", "apache-2.0"),
        {"latency_ms": MetricGate(max=50)},
        {"later": 1},
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gates = true", r"'gates' in \[environments\.production\] .* is not a table"),
        (f"{PLACE}signed = 1", r"'signed' in \[.*gates\] .* is not true or false"),
        (f'{PLACE}scan = "all"', r"'scan' .* is neither \"known\" nor \"not-dangerous\""),
        (f"{PLACE}scan = true", r"'scan' .* is not a string"),
        (f'{PLACE}metadata = "owner"', r"'metadata' .* is not a list"),
        (f"{PLACE}metadata = [1]", r"'metadata' .* is not a list of strings"),
        (f'{PLACE}licences = "mit"', r"'licences' .* is not a list"),
        (f"{PLACE}licences = []", r"'licences' .* is empty"),
        (f"{PLACE}[environments.production.gates.metrics]\nx = 1", r"metrics\.x\] .* is not a table"),
    ],
)
def test_gates_of_an_environment_that_cannot_be_are_named(text: str, named: str) -> None:
    with pytest.raises(IntegrityError, match=named):
        environment_gates(text)
