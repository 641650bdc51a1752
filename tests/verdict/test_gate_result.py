"""The states of gates: the worst one decides, and all are counted."""

import pytest

from regolo_git.verdict.gate_facts import Facts
from regolo_git.verdict.gate_result import GateResult, GateState, counts_text, summary_text, with_state, worst


def result(name: str, state: GateState, environment: str | None = None) -> GateResult:
    return GateResult(name, state, "because", "min 1", environment)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "pass"),
        (["pass", "open"], "open"),
        (["open", "not judged", "pass"], "not judged"),
        (["not judged", "fail", "open"], "fail"),
    ],
    ids=["none", "open", "not judged", "fail"],
)
def test_the_worst_state_decides(states: list[GateState], expected: GateState) -> None:
    assert worst(states) == expected


def test_results_are_counted_the_worst_first() -> None:
    found = [result("a", "pass"), result("b", "open"), result("c", "fail"), result("d", "open")]
    assert counts_text(found) == "4 gates: 1 fails, 2 open, 1 passes"
    assert counts_text([result("a", "fail"), result("b", "fail"), result("c", "not judged")]) == (
        "3 gates: 2 fail, 1 not judged"
    )
    assert counts_text([result("a", "pass")]) == "1 gate: 1 passes"
    assert counts_text([]) == "no gates"
    assert with_state(found, "open") == [found[1], found[3]]


def test_a_gate_of_an_environment_is_distinguished() -> None:
    assert result("a", "pass").label == "a"
    assert result("a", "pass", "production").label == "production: a"


def test_facts_have_the_reference_of_their_version() -> None:
    assert Facts("nlp/m", "1.0").reference == "nlp/m@1.0"


def test_a_summary_names_what_does_not_pass() -> None:
    found = [result("a", "pass"), result("b", "open"), result("c", "fail"), result("d", "not judged")]
    assert summary_text(found) == "fail (c fail, d not judged, b open, 1 pass)"
    assert summary_text(found[:1]) == "pass (1 pass)"
    assert summary_text([]) is None
    assert summary_text([result("a\nRegolo-Size: 1", "open")]) == "open (a Regolo-Size: 1 open)"
    many = summary_text([result(f"m{index}", "fail") for index in range(30)])
    assert many is not None
    assert many.endswith(", m19 fail and 10 more)")
