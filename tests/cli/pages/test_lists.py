"""Models and versions as `list` prints them."""

from typing import Any

import pytest
from support.model_versions import WHEN, manifest, model_version

from regolo_git.cli.pages import model_list, version_list
from regolo_git.registry.models import ModelSummary
from regolo_git.text.times import local_time

MODEL = ModelSummary("nlp/m", 3, "1.1", WHEN, {"staging": "1.1", "production": "1.0"})
VERSION = model_version(manifest(metadata={"accuracy": 0.92}), status="retired", message="one\ntwo")
MEASURED = {"accuracy": 0.92, "f1": None}


def test_a_model_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    model_list.put_models([MODEL])
    titles, row = capsys.readouterr().out.splitlines()
    assert titles.split() == ["MODEL", "VERSIONS", "LATEST", "UPDATED", "IN"]
    assert row == f"nlp/m         3  1.1     {local_time(WHEN)}  staging=1.1 production=1.0"


def test_a_model_for_programs() -> None:
    found: Any = model_list.document(MODEL, [])
    assert found["environments"] == {"staging": "1.1", "production": "1.0"}
    assert found["clashes"] == []
    assert model_list.fields(MODEL) == ("nlp/m", 3, "1.1", WHEN, "staging=1.1", "production=1.0")


def test_a_version_has_a_line_with_the_metrics_that_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    version_list.put_versions([(VERSION, MEASURED)], ["accuracy", "f1"])
    titles, row = capsys.readouterr().out.splitlines()
    assert titles.split() == ["VERSION", "STATUS", "ACCURACY", "F1", "SIZE", "CREATED", "BY", "MESSAGE"]
    assert row.split() == [
        "1.0", "retired", "0.92", "-", "1.5", "kB", *local_time(WHEN).split(), "Ada", "Byron", "one", "two",
    ]  # fmt: skip


def test_a_version_for_programs() -> None:
    found: Any = version_list.document((VERSION, MEASURED), [])
    assert found["metrics"] == {"accuracy": 0.92, "f1": None}
    plain: Any = version_list.document((VERSION, {}), [])
    assert (plain["metrics"], plain["measured_later"]) == ({}, [])
    assert version_list.fields((VERSION, MEASURED))[-3:] == ["one\ntwo", 0.92, None]
