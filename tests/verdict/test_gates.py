"""Every gate has one of four states, and says why; noise and missing numbers are neither passed nor failed."""

from typing import Any

import pytest

from regolo_git.hints import Hint
from regolo_git.records.gates import EnvironmentGates, MetricGate
from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import MetricRule, ModelCard
from regolo_git.verdict.gate_facts import Facts, Finding, Rules
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.gates import judge
from regolo_git.verdict.metrics import Unpaired
from regolo_git.verdict.noise import PairedShares

DATA, OTHER = ("sha256:" + digit * 64 for digit in "12")
HIGHER = {"accuracy": MetricRule("higher"), "loss": MetricRule("lower")}


def facts(version: str, **metrics: Any) -> Facts:
    return Facts("m", version, {name: Measurement.of(value) for name, value in metrics.items()})


def judged(gate: MetricGate, before: Any, after: Any, *, metric: str = "accuracy") -> GateResult:
    """The result of one gate for a metric; None is a version without it, ... no version at all."""
    a = None if before is ... else facts("1.0", **({} if before is None else {metric: before}))
    b = facts("1.1", **({} if after is None else {metric: after}))
    (found,) = judge(Rules(ModelCard(metrics=HIGHER, gates={metric: gate})), a, b)
    return found


def share(value: float, n: int, **more: Any) -> dict[str, Any]:
    return {"value": value, "n": n, **more}


def test_without_gates_there_are_no_results() -> None:
    assert judge(Rules(ModelCard()), None, facts("1.0", accuracy=0.9)) == []


# -- plain numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "before", "after", "state"),
    [
        (MetricGate(min=0.85), ..., 0.85, "pass"),
        (MetricGate(min=0.85), ..., 0.8499, "fail"),
        (MetricGate(max=0.9), ..., 0.9, "pass"),
        (MetricGate(max=0.9), ..., 0.9001, "fail"),
        (MetricGate(max_drop=0.005), 0.92, 0.915, "pass"),  # 0.92 - 0.915 is more than 0.005 in binary
        (MetricGate(max_drop=0.005), 0.92, 0.9149, "fail"),
        (MetricGate(max_drop=0.005), 0.92, 0.99, "pass"),
        (MetricGate(max_drop=0), 0.92, 0.92, "pass"),
        (MetricGate(max_drop_rel=0.1), 0.9, 0.81, "pass"),
        (MetricGate(max_drop_rel=0.1), 0.9, 0.8099, "fail"),
        (MetricGate(max_drop_rel=0.1), 0, -0.1, "fail"),
        (MetricGate(max_drop_rel=0.1), -1, -1.1, "pass"),
        (MetricGate(max_drop=0.2, max_drop_rel=0.01), 0.9, 0.8, "fail"),
        (MetricGate(min=0.85, max_drop=0.005), 0.92, 0.86, "fail"),
        (MetricGate(required=True), ..., 0.1, "pass"),
        (MetricGate(max_drop=1), 2**60, 2**60 - 1, "pass"),
        (MetricGate(max_drop=1), 2**60, 2**60 - 2, "fail"),
    ],
)
def test_a_plain_number_is_decided_by_itself(gate: MetricGate, before: Any, after: Any, state: str) -> None:
    assert judged(gate, before, after).state == state


def test_a_drop_is_in_the_bad_direction_of_the_metric() -> None:
    gate = MetricGate(max_drop=0.1)
    assert judged(gate, 1.0, 1.2, metric="loss").state == "fail"
    assert judged(gate, 1.2, 1.0, metric="loss").state == "pass"


def test_the_reason_has_the_numbers() -> None:
    assert judged(MetricGate(min=0.85), ..., 0.8).reason == "0.8 is below min 0.85"
    assert judged(MetricGate(max=50), ..., 55.0, metric="loss").reason == "55.0 is above max 50"
    found = judged(MetricGate(max_drop=0.005), 0.92, 0.91)
    assert found.reason == "fell by 0.01 from 0.92 in m@1.0 to 0.91, beyond max_drop 0.005"
    assert (found.before, found.after, found.limits[0].found) == (0.92, 0.91, 0.01)
    found = judged(MetricGate(max_drop_rel=0.5), 2, 4, metric="loss")
    assert found.reason == "rose by 2 from 2 in m@1.0 to 4, beyond max_drop_rel 0.5 (1)"
    assert judged(MetricGate(min=0.1, max_drop=1), 0.5, 0.6).reason == (
        "0.6 is not below min 0.1; 0.6 is not worse than 0.5 in m@1.0, within max_drop 1"
    )


def test_only_the_limits_that_decide_are_named() -> None:
    assert judged(MetricGate(min=0.85, max_drop=1), 0.9, 0.8).reason == "0.8 is below min 0.85"


def test_the_rule_is_put_into_words() -> None:
    gate = MetricGate(0.85, 1, 0.005, 0.1, "unproven", True)
    assert (
        judged(gate, ..., 0.9).rule
        == "min 0.85, max 1, max_drop 0.005, max_drop_rel 0.1, to be proven, required"
    )


# -- missing numbers --------------------------------------------------------------------------------------


def test_a_missing_number_is_open_and_fails_where_it_is_required() -> None:
    found = judged(MetricGate(min=0.85), 0.9, None)
    assert (found.state, found.reason) == ("open", "was not measured")
    assert found.way_out == Hint("evaluate", "m@1.1", "--metric", "accuracy=VALUE")
    found = judged(MetricGate(min=0.85, required=True), 0.9, None)
    assert (found.state, found.reason) == ("fail", "was not measured, and is required")


def test_there_may_be_nothing_to_drop_from() -> None:
    found = judged(MetricGate(max_drop=0.005), ..., 0.9)
    assert (found.state, found.reason) == ("pass", "there is nothing to drop from")
    found = judged(MetricGate(max_drop=0.005), None, 0.9)
    assert (found.state, found.reason) == ("open", "m@1.0 has no such metric to drop from")
    assert found.way_out == Hint("evaluate", "m@1.0", "--metric", "accuracy=VALUE")
    assert judged(MetricGate(max_drop=0.005, min=0.95), None, 0.9).state == "fail"


def test_numbers_of_other_data_are_not_compared() -> None:
    found = judged(MetricGate(max_drop=0), share(0.9, 100, on=DATA), share(0.1, 100, on=OTHER))
    assert (found.state, found.reason) == ("open", "cannot be compared with m@1.0: measured on other data")
    bounded = judged(
        MetricGate(min=0.85, max_drop=0), {"value": 0.9, "on": DATA}, {"value": 0.1, "on": OTHER}
    )
    assert bounded.state == "fail"


def test_predictions_that_cannot_be_paired_leave_the_drop_open() -> None:
    card = ModelCard(metrics=HIGHER, gates={"accuracy": MetricGate(max_drop=0)})
    paired = {"accuracy": Unpaired("other ids")}
    (found,) = judge(Rules(card), facts("1.0", accuracy=0.9), facts("1.1", accuracy=0.8), paired)
    assert (found.state, found.reason) == ("open", "cannot be compared with m@1.0: other ids")
    paired = {"accuracy": Unpaired("predictions not read: the disk is not mounted", absent=True)}
    (found,) = judge(Rules(card), facts("1.0", accuracy=0.9), facts("1.1", accuracy=0.8), paired)
    assert (found.state, found.reason) == ("not judged", "predictions not read: the disk is not mounted")


# -- directions -------------------------------------------------------------------------------------------


def of_metric(name: str, gate: MetricGate) -> GateResult:
    (found,) = judge(
        Rules(ModelCard(gates={name: gate})), facts("1.0", **{name: 1}), facts("1.1", **{name: 2})
    )
    return found


def test_a_direction_that_only_the_name_says_is_marked() -> None:
    found = of_metric("latency_ms", MetricGate(max_drop=0.5))
    assert (found.state, found.direction, found.guess) == ("fail", "lower", True)
    assert found.reason.endswith("beyond max_drop 0.5 (that lower is better is a guess)")


def test_one_bound_says_the_direction() -> None:
    found = of_metric("zeta", MetricGate(max=9, max_drop=0.5))
    assert (found.state, found.direction, found.guess) == ("fail", "lower", False)
    assert of_metric("zeta", MetricGate(min=0, max_drop=0.5)).state == "pass"


def test_without_a_direction_a_drop_is_not_judged() -> None:
    found = of_metric("zeta", MetricGate(max_drop=0.5))
    assert (found.state, found.reason) == ("not judged", "it is not known whether higher or lower is better")
    assert found.way_out == "add a direction to [metrics.zeta] in 'models/m/model.toml'"
    assert of_metric("zeta", MetricGate(min=0, max=9)).state == "pass"


# -- noise ------------------------------------------------------------------------------------------------


def test_worse_fails_only_beyond_limit_and_noise() -> None:
    gate = MetricGate(max_drop=0.005)
    within = judged(gate, share(0.912, 200), share(0.892, 200))
    assert within.state == "pass"
    assert within.reason.endswith("beyond max_drop 0.005, but within noise")
    beyond = judged(gate, share(0.912, 20_000), share(0.892, 20_000))
    assert beyond.state == "fail"
    assert beyond.reason.endswith("beyond max_drop 0.005, beyond noise")
    (limit,) = beyond.limits
    assert limit.p_value is not None
    assert limit.p_value < 0.001
    assert limit.interval is not None
    assert limit.interval[0] < 0.02 < limit.interval[1]


def test_unproven_passes_only_what_excludes_a_larger_drop() -> None:
    gate = MetricGate(max_drop=0.01, fail="unproven")
    assert judged(gate, share(0.9, 200), share(0.9, 200)).state == "fail"
    assert judged(gate, share(0.9, 200_000), share(0.9, 200_000)).state == "pass"
    assert judged(gate, share(0.9, 200_000), share(0.8, 200_000)).state == "fail"


def test_a_plain_number_proves_nothing() -> None:
    gate = MetricGate(min=0.5, max_drop=0.01, fail="unproven")
    found = judged(gate, 0.9, 0.9)
    assert found.state == "open"
    assert found.reason.endswith("but nothing is known of its noise")
    assert judged(gate, 0.9, 0.8).state == "fail"


def test_the_noise_of_the_value_itself_counts_for_a_bound() -> None:
    gate = MetricGate(min=0.85)
    assert judged(gate, ..., share(0.84, 100)).state == "pass"
    assert judged(gate, ..., share(0.84, 100_000)).state == "fail"
    proven = MetricGate(min=0.85, fail="unproven")
    assert judged(proven, ..., share(0.86, 100)).state == "fail"
    assert judged(proven, ..., share(0.86, 100_000)).state == "pass"
    latency = MetricGate(max=50)
    assert judged(latency, ..., {"value": 51, "stderr": 2, "runs": 5}, metric="loss").state == "pass"
    assert judged(latency, ..., {"value": 55, "stderr": 1, "runs": 5}, metric="loss").state == "fail"


def test_pairs_see_what_shares_do_not() -> None:
    card = ModelCard(metrics=HIGHER, gates={"accuracy": MetricGate(max_drop=0)})
    a, b = facts("1.0", accuracy=share(0.91, 1000)), facts("1.1", accuracy=share(0.88, 1000))
    (found,) = judge(Rules(card), a, b, {"accuracy": PairedShares(1000, 40, 10)})
    assert found.state == "fail"


def test_more_gates_are_more_chances_of_a_false_alarm() -> None:
    """A drop that one gate alone calls worse, nine of them do not."""
    metrics = {f"accuracy_{index}": (share(0.912, 1000), share(0.888, 1000)) for index in range(9)}
    states = []
    for count in (1, 9):
        few = dict(list(metrics.items())[:count])
        gates = dict.fromkeys(few, MetricGate(max_drop=0))
        before = facts("1.0", **{name: pair[0] for name, pair in few.items()})
        after = facts("1.1", **{name: pair[1] for name, pair in few.items()})
        found = judge(Rules(ModelCard(gates=gates)), before, after)
        states.append({result.state for result in found})
    assert states == [{"fail"}, {"pass"}]


# -- what this release does not know ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        ({"max_dorp": 0.1}, "its rule has 'max_dorp', did you mean 'max_drop'?"),
        ({"f1": {"min": 1}}, "its rule has a table 'f1': the name of a metric with a dot needs quotes"),
        ({"quorum\x1b": 2}, "its rule has 'quorum\\x1b', which this release does not know"),
    ],
    ids=["typo", "table", "later"],
)
def test_a_gate_with_an_unknown_key_is_not_judged(unknown: dict[str, Any], reason: str) -> None:
    found = judged(MetricGate(min=0.5, unknown=unknown), ..., 0.9)
    assert (found.state, found.reason) == ("not judged", reason)
    assert judged(MetricGate(min=0.5, unknown=unknown), ..., 0.4).state == "fail"


def test_a_table_that_is_nearly_called_gates_is_not_passed_over() -> None:
    (found,) = judge(Rules(ModelCard(unknown={"gate": {}, "later": 1})), None, facts("1.0"))
    assert (found.state, found.reason) == ("not judged", "the model card has 'gate', did you mean 'gates'?")


# -- environments -----------------------------------------------------------------------------------------


def in_environment(
    gates: EnvironmentGates, *, environment: str = "production", **more: Any
) -> list[GateResult]:
    return judge(Rules(ModelCard(), {environment: gates}), None, Facts("m", "1.1", **more))


def test_an_environment_has_gates_for_metrics_too() -> None:
    gates = EnvironmentGates(metrics={"latency_ms": MetricGate(max=50)})
    (found,) = in_environment(gates, measurements={"latency_ms": Measurement(55)})
    assert (found.label, found.state) == ("production: latency_ms", "fail")
    assert in_environment(gates)[0].state == "open"


def test_a_signature_is_as_it_was_found() -> None:
    gates = EnvironmentGates(signed=True)
    (found,) = in_environment(gates, signed=Finding("open", "is signed after the merge"))
    assert (found.name, found.state, found.reason) == ("signed", "open", "is signed after the merge")
    assert found.way_out == Hint("sign", "m@1.1")
    assert in_environment(gates, signed=Finding("pass", "by ada"))[0].way_out is None
    assert in_environment(gates)[0].state == "not judged"


SCANNED = {
    "known": Finding("fail", "asks for os.system"),
    "not-dangerous": Finding("fail", "asks for os.system"),
}
UNKNOWN = {"known": Finding("fail", "asks for x.y"), "not-dangerous": Finding("pass", "no dangerous name")}


def test_a_pickle_is_judged_by_the_rule_of_the_environment() -> None:
    known, lenient = EnvironmentGates(scan="known"), EnvironmentGates(scan="not-dangerous")
    assert [result.state for result in in_environment(known, scan=UNKNOWN)] == ["fail"]
    assert [result.state for result in in_environment(lenient, scan=UNKNOWN)] == ["pass"]
    assert [result.state for result in in_environment(lenient, scan=SCANNED)] == ["fail"]
    assert [result.state for result in in_environment(known)] == ["not judged"]


def test_dangerous_names_are_refused_in_production_and_said_elsewhere() -> None:
    none = EnvironmentGates()
    (found,) = in_environment(none, scan=SCANNED)
    assert (found.state, found.reason) == ("fail", "asks for os.system")
    (found,) = in_environment(none, environment="staging", scan=SCANNED)
    assert found.state == "open"
    assert in_environment(none, scan=UNKNOWN) == []
    assert in_environment(none) == []


def test_a_pickle_that_cannot_be_read_is_reported_where_it_matters() -> None:
    unread = dict.fromkeys(SCANNED, Finding("open", "cannot be read"))
    assert [result.state for result in in_environment(EnvironmentGates(), scan=unread)] == ["open"]
    assert in_environment(EnvironmentGates(), environment="staging", scan=unread) == []
    lost = dict.fromkeys(SCANNED, Finding("not judged", "is in no store"))
    assert [result.state for result in in_environment(EnvironmentGates(), scan=lost)] == ["not judged"]
    (found,) = in_environment(EnvironmentGates(), environment="staging", scan=lost)
    assert found.state == "open"


def test_metadata_must_have_its_keys() -> None:
    gates = EnvironmentGates(metadata=("intended_use", "data.owner"))
    found = in_environment(gates, metadata={"intended_use": "x", "data": {"owner": "ada"}})
    assert [(result.name, result.state) for result in found] == [
        ("metadata.intended_use", "pass"),
        ("metadata.data.owner", "pass"),
    ]
    found = in_environment(gates, metadata={"data": "x"})
    assert [result.state for result in found] == ["fail", "fail"]
    assert found[0].reason == "[metadata] has no 'intended_use'"
    assert found[0].way_out == Hint("commit", "m", "--from", "1.1", "--meta", "intended_use=VALUE")


@pytest.mark.parametrize(
    ("licence", "state"),
    [
        ("mit", "pass"),
        ("MIT", "pass"),
        (["mit", "Apache-2.0"], "pass"),
        ("gpl-3.0", "fail"),
        (["mit", "gpl-3.0"], "fail"),
        ([], "fail"),
        (1, "fail"),
        ("", "fail"),
    ],
)
def test_a_licence_is_one_of_the_list(licence: Any, state: str) -> None:
    gates = EnvironmentGates(licences=("apache-2.0", "mit"))
    assert in_environment(gates, metadata={"license": licence})[0].state == state


def test_a_missing_licence_fails_and_is_named() -> None:
    (found,) = in_environment(EnvironmentGates(licences=("mit",)))
    assert (found.state, found.reason) == ("fail", "[metadata] has no 'license'")
    (found,) = in_environment(EnvironmentGates(licences=("mit",)), metadata={"license": "a\x1bb"})
    assert found.reason == "'a\\x1bb' is not one of mit"


def test_gates_that_this_release_does_not_know_are_not_judged() -> None:
    (found,) = in_environment(EnvironmentGates(unknown={"licenses": ["mit"]}))
    assert (found.state, found.reason) == ("not judged", "its rule has 'licenses', did you mean 'licences'?")
