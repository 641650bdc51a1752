"""The history of a model as `log` prints it."""

from typing import Any

import pytest
from support.model_versions import manifest, model_version

from regolo_git.cli.pages.log import Step, document, fields, put_steps, put_trend
from regolo_git.records.model_card import MetricRule
from regolo_git.text.times import local_time
from regolo_git.verdict.metrics import compare_metrics

FIRST = model_version(manifest(metadata={"accuracy": 0.89}))
SECOND = model_version(manifest(version="1.1", metadata={"accuracy": 0.92}), message="", status="staging")
BARE = model_version(manifest(version="1.2"), message="no\nmetrics")
CREATED = local_time(FIRST.created_at)


def steps() -> list[Step]:
    rules = {"accuracy": MetricRule("higher", tolerance_abs=0.01, unit="%")}
    return [
        Step(BARE, SECOND, {}),
        Step(SECOND, FIRST, compare_metrics(FIRST.measurements, SECOND.measurements, rules)),
        Step(FIRST, None, compare_metrics({}, FIRST.measurements, rules)),
    ]


def test_each_version_has_its_metrics_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    put_steps(steps())
    about = f"{CREATED}  Ada Byron  1.5 kB  cccccccccc"
    assert capsys.readouterr().out == (
        f"m@1.2  ready  {about}\n    no metrics\n\n"
        f"m@1.1  staging  {about}\n    accuracy (%)  0.92  +0.03  +3.37%  + better\n\n"
        f"m@1.0  ready  {about}\n    first\n    accuracy (%)  0.89\n"
    )


def test_a_trend_goes_from_the_first_value_to_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    put_trend(steps(), "accuracy")
    head, _, titles, *rows = capsys.readouterr().out.splitlines()
    assert head == "accuracy  _#   0.89 -> 0.92 (2 versions)"
    assert titles.split() == [
        "VERSION", "VALUE", "CHANGE", "RELATIVE", "VERDICT", "STATUS", "CREATED", "MESSAGE",
    ]  # fmt: skip
    assert rows[0].split()[:3] == ["1.2", "-", "ready"]
    assert rows[1].split()[:6] == ["1.1", "0.92", "+0.03", "+3.37%", "+", "better"]
    assert rows[2].split()[:3] == ["1.0", "0.89", "ready"]


def test_one_value_is_not_a_trend(capsys: pytest.CaptureFixture[str]) -> None:
    put_trend(steps()[2:], "accuracy")
    assert capsys.readouterr().out.startswith("accuracy  =  0.89 (1 version)\n")


def test_a_step_for_programs() -> None:
    newest, middle, first = steps()
    found: Any = document(middle)
    assert (found["version"], found["previous"]) == ("1.1", "1.0")
    assert found["metrics"]["accuracy"]["previous"] == 0.89
    nothing: Any = document(first)
    assert nothing["previous"] is None
    assert [line[3:] for line in fields(middle)] == [("accuracy", 0.92, 0.03, 0.03 / 0.89, "better")]
    assert [line[3:] for line in fields(newest)] == [(None, None, None, None, None)]
