"""Types that a server would refuse to build are said when the endpoint is created, not when it is served."""

import os
import warnings
from pathlib import Path

import pytest
from support.git_program import new_repository

from regolo_git.api import Registry
from regolo_git.errors import RegoloNotice
from regolo_git.serving.policy_file import load_policy

ROWS = [[2.0 * row, 2.0 * row + 1] for row in range(40)]
CLASSES = [0, 1] * 20


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    new_repository(tmp_path / "registry")
    return Registry.init(tmp_path / "registry")


def notices(registry: Registry, name: str, version: str = "1.0") -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        registry.create_endpoint(name, "m", version)
    return [str(held.message) for held in caught if issubclass(held.category, RegoloNotice)]


def register(registry: Registry, estimator: object, place: Path, **given: object) -> None:
    from skops.io import dump

    dump(estimator.fit(ROWS, CLASSES), place / "model.skops")  # type: ignore[attr-defined]
    registry.register_model("m", place / "model.skops", version="1.0", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["RandomForestClassifier", "HistGradientBoostingClassifier"])
def test_the_line_that_the_policy_needs_is_said_and_is_enough(
    registry: Registry, tmp_path: Path, kind: str
) -> None:
    from sklearn import ensemble

    register(registry, getattr(ensemble, kind)(), tmp_path)
    (said,) = notices(registry, "e")
    start, line = said.split("\n")
    assert "'m@1.0' can be served only under a policy with the line" in start
    policy = tmp_path / "config" / "regolo" / "serving.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text(line.strip())
    assert load_policy(policy).trusted_types("m")
    assert notices(registry, "f") == []


def test_a_model_of_trusted_types_and_one_of_another_format_need_no_note(
    registry: Registry, tmp_path: Path
) -> None:
    from sklearn.linear_model import LogisticRegression

    register(registry, LogisticRegression(), tmp_path)
    assert notices(registry, "e") == []
    (tmp_path / "model.onnx").write_bytes(b"no model")
    registry.create_model_version("m", "1.1", model_data=tmp_path / "model.onnx")
    assert notices(registry, "f", "1.1") == []


def test_a_policy_or_a_file_that_is_broken_does_not_stop_the_endpoint(
    registry: Registry, tmp_path: Path
) -> None:
    policy = Path(os.environ["XDG_CONFIG_HOME"]) / "regolo" / "serving.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text("not TOML")
    (tmp_path / "model.skops").write_bytes(b"no model")
    registry.register_model("m", tmp_path / "model.skops", version="1.0")
    assert notices(registry, "e") == [
        "'m@1.0' is a skops file, and may hold types that a server's policy has to name"
    ]
