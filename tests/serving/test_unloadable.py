"""A version that no server could load is said when it gets to an endpoint, with what to write."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from support.git_program import new_repository
from support.model_files import write_model

from regolo_git.api import Registry
from regolo_git.errors import RegoloNotice
from regolo_git.serving.unloadable import unloadable_notices

AGAIN = "git regolo commit m --from 1.0 --serving serving.toml --yes"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Registry.init(new_repository(tmp_path / "registry"))


def said(call: Callable[[], object]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(held.message) for held in caught if issubclass(held.category, RegoloNotice)]


def directory(top: Path, *names: str) -> Path:
    for name in names:
        (top / "model").mkdir(exist_ok=True)
        (top / "model" / name).write_bytes(name.encode())
    return top / "model"


def file(top: Path, name: str) -> Path:
    (top / name).write_bytes(b"content")
    return top / name


PYTHON = {"entry_point": "serve:load"}


@pytest.mark.parametrize(
    ("names", "serving", "words"),
    [
        (["m.bin"], None, ["no [serving] block", 'entry_point = "module:callable"', AGAIN]),
        (["m.safetensors"], None, ['format = "safetensors" and entry_point']),
        (["m.joblib"], None, ["a pickle", "skops.io.dump"]),
        (["m.pkl"], None, ["a pickle", "skops.io.dump"]),
        (["m.pkl"], {"format": "skops"}, ["'m.pkl' is a pickle and not skops"]),
        (["m.pt"], {"format": "onnx"}, ["a pickle and not onnx", "export the model to ONNX"]),
        (["m.pkl"], PYTHON, []),
        (["m.onnx"], None, []),
        (["m.skops"], None, []),
        (["m.bin"], {"format": "onnx"}, []),
        (["MLmodel", "model.pkl"], None, ['format = "mlflow"']),
        (["MLmodel", "model.pkl"], {"format": "mlflow"}, []),
        (["a.onnx", "labels.txt"], None, ['format = "onnx"']),
        (["model.joblib", "meta.json"], None, ["'model.joblib' is a pickle", "skops.io.dump"]),
        (["serve.py", "weights.bin"], None, ["no [serving] block", "entry_point"]),
    ],
)
def test_what_cannot_be_loaded_is_said_with_what_to_write(
    registry: Registry, names: list[str], serving: dict[str, object] | None, words: list[str]
) -> None:
    top = registry.handle.paths.top
    data = file(top, names[0]) if len(names) == 1 else directory(top, *names)
    registry.register_model("m", data, serving=serving)
    every = said(lambda: registry.create_endpoint("e", "m", "1.0"))
    notices = [notice for notice in every if "cannot be served" in notice]
    assert bool(notices) == bool(words)
    for word in words:
        assert word in notices[0]
    assert len(notices) <= 1


def test_the_advice_makes_the_version_servable(registry: Registry) -> None:
    top = registry.handle.paths.top
    registry.register_model("m", write_model(top / "model.safetensors"))
    assert said(lambda: registry.create_endpoint("e", "m", "1.0"))
    serving = {"format": "safetensors", "entry_point": "serve:load"}
    before = registry.get_model_version("m", "1.0")
    registry.create_model_version("m", model_data=before, serving=serving)
    assert said(lambda: registry.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})) == []


def test_a_version_that_gets_there_by_traffic_or_a_promotion_is_said_once(registry: Registry) -> None:
    registry.register_model("m", b"one", serving=PYTHON)
    registry.create_model_version("m", model_data=b"two", inherit=False)
    registry.create_endpoint("e", "m", "1.0")
    for name in ("f", "g"):
        registry.create_endpoint(name, "m", "1.0", environment="production")
    (notice,) = said(lambda: registry.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10}))
    assert "'m@1.1' cannot be served" in notice
    assert said(lambda: registry.update_endpoint_traffic("e", {"1.0": 50, "1.1": 50})) == []
    assert said(lambda: registry.promote_model_version("m", "1.1", "production", propose=True)) == []
    (notice,) = said(lambda: registry.promote_model_version("m", "1.1", "production"))
    assert "'m@1.1' cannot be served" in notice


def test_a_server_of_the_operators_own_may_serve_anything(registry: Registry, tmp_path: Path) -> None:
    registry.register_model("m", b"one")
    path = tmp_path / "config/regolo/serving.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[backends."m@1.0"]\nurls = ["http://127.0.0.1:9000"]\n')
    assert said(lambda: registry.create_endpoint("e", "m", "1.0")) == []
    path.write_text("broken\n")
    endpoint = registry.get_endpoint("e")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert len(unloadable_notices(registry.handle, endpoint, environ)) == 1
