"""A model in its library's own file is served by the default policy; a hostile one ends its worker and no more."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.folder_source import FolderRegistry
from support.running_engine import running_engine, until

pytestmark = pytest.mark.slow  # needs XGBoost, which CI installs

xgboost = pytest.importorskip("xgboost")
ROWS = np.random.default_rng(0).random((100, 3), "float32")


def hostile(path: Path) -> Path:
    """A model that can be loaded, and whose trees lead to memory of others."""
    model = json.loads(path.read_text())
    tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
    # Only on the left of the root, which the row of missing values that a loader asks for does not get to.
    tree["default_left"][0] = 0
    tree["left_children"][tree["left_children"][0]] = 10**9
    (path.parent / "hostile").mkdir()
    made = path.parent / "hostile" / path.name
    made.write_text(json.dumps(model))
    return made


def test_a_hostile_model_costs_its_own_requests_only(registry: FolderRegistry, tmp_path: Path) -> None:
    model = xgboost.train({"max_depth": 3}, xgboost.DMatrix(ROWS, ROWS[:, 0]), 2)
    path = tmp_path / "model.json"
    model.save_model(path)
    expected = model.predict(xgboost.DMatrix(ROWS[:2])).tolist()
    registry.version("1.0", path, {"format": "xgboost", "warmup": [{"inputs": ROWS[:1].tolist()}]})
    first = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, policy_text="") as engine:
        engine.until_serving("e", first)
        assert engine.predict(ROWS[:2].tolist()).json == {"predictions": expected}
        registry.version("1.1", hostile(path), {"format": "xgboost"})
        second = registry.endpoint("e", {"1.0": 1.0, "1.1": 0.0})
        engine.until_serving("e", second)
        asked = {"x-regolo-version": "1.1"}
        assert engine.predict([[0.0] * 3], headers=asked).status == 502
        assert engine.predict(ROWS[:2].tolist()).json == {"predictions": expected}
        until(lambda: engine.status("e")["versions"]["1.1"]["restarts"])
