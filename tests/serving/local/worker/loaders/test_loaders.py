"""Each format becomes a model that answers; what the operator did not allow, or what was changed, is not opened."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, RunningEngine, running_engine

pytestmark = pytest.mark.slow

numpy = pytest.importorskip("numpy")
ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]

# Nothing but data is allowed everywhere; some models may do more.
POLICY = """
[models.tensors]
repository_code = true
[models.code]
formats = ["python"]
repository_code = true
[models.installed]
formats = ["python"]
entry_points = ["collections:Counter", "operators_own:load"]
[models.pyfunc]
formats = ["mlflow"]
[models.trusting]
trusted_types = ["operators_own.halve"]
"""
WEIGHING = """
import numpy

def load(tensors, config):
    def predict(rows, bias=0.0):
        return numpy.asarray(rows) @ tensors["weight"] * config["scale"] + bias
    return predict
"""


def onnx_model(path: Path) -> Path:
    """y = x @ [[2], [3]], for any number of rows."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    weight = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [2, 1], [2.0, 3.0])
    x, y = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["rows", size])
        for name, size in (("x", 2), ("y", 1))
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weight]
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8, producer_name="test"
    )
    path.write_bytes(model.SerializeToString())
    return path


def skops_model(path: Path, *, with_function: bool = False) -> Path:
    """A classifier of rows of two values; `with_function` puts a type into it that skops does not trust."""
    skops = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    if with_function:
        import operators_own

        steps = [FunctionTransformer(operators_own.halve)]
    else:
        steps = []
    model = make_pipeline(*steps, LogisticRegression()).fit(numpy.array(ROWS), [0, 1, 1])
    skops.dump(model, path)
    return path


def unfitted_model(path: Path) -> Path:
    skops = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression

    skops.dump(LogisticRegression(), path)
    return path


INSTALLED = """
def load(path, config):
    return lambda rows: ["installed"]

def halve(rows):
    return rows / 2
"""


class Payload:
    """What a pickle may do to whoever opens it."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.witness), "w")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for models, with a module that is as good as installed."""
    home = tmp_path_factory.mktemp("loaders")
    (home / "operators_own.py").write_text(INSTALLED)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(home)
        yield home


@pytest.fixture(scope="module")
def registry(home: Path) -> FolderRegistry:
    return FolderRegistry(home / "registry")


@pytest.fixture(scope="module")
def engine(home: Path, registry: FolderRegistry) -> Iterator[RunningEngine]:
    """An endpoint for each model of the policy, and one for each that is refused."""
    safetensors = pytest.importorskip("safetensors.numpy")
    tensors = safetensors.save({"weight": numpy.array([[10.0], [1.0]])})
    weighing = {"model.safetensors": tensors, "weigh.py": WEIGHING}
    weighed = {"format": "safetensors", "entry_point": "weigh:load", "config": {"scale": 2}}
    pickled = home / "model.skops"
    pickled.write_bytes(pickle.dumps(Payload(home / "opened")))
    models: dict[str, tuple[object, object]] = {
        "proba": (skops_model(home / "model"), {"format": "skops", "config": {"method": "predict_proba"}}),
        "tensors": (weighing, weighed),
        "not-allowed-tensors": (weighing, weighed),
        "code": ({"serve.py": ECHO}, {"entry_point": "serve:load"}),
        "not-allowed-code": ({"serve.py": ECHO}, {"entry_point": "serve:load"}),
        "installed": ({"operators_own.py": ECHO}, {"entry_point": "operators_own:load"}),
        "trusting": (skops_model(home / "f.skops", with_function=True), None),
        "not-trusting": (home / "f.skops", None),
        "pickle": (pickled, None),
        "not-allowed-pyfunc": ({"MLmodel": "flavors: {}"}, {"format": "mlflow"}),
        "garbage-onnx": ({"model.onnx": b"garbage"}, {"format": "onnx"}),
        "garbage-tensors": ({"model.safetensors": b"garbage", "weigh.py": WEIGHING}, weighed),
        "no-block": ({"weights.bin": b"1234"}, None),
        "skops": (skops_model(home / "s.skops"), None),
        "unfitted": (unfitted_model(home / "u.skops"), None),
    }
    for number, (name, (files, block)) in enumerate(models.items()):
        registry.version(f"1.{number}", files, block)  # type: ignore[arg-type]
        registry.endpoint(name, {f"1.{number}": 1.0}, model=name)
    environment = {"PYTHONPATH": str(home)}
    with running_engine(registry, policy_text=POLICY, options={"environment": environment}) as engine:
        yield engine


def serve(
    engine: RunningEngine, registry: FolderRegistry, name: str, files: Path, block: object = None
) -> None:
    """Adds a model whose library may be missing."""
    version = f"2.{len(engine.status()['endpoints'])}"
    registry.version(version, files, block)
    engine.until_serving(name, registry.endpoint(name, {version: 1.0}, model=name))


def ask(engine: RunningEngine, endpoint: str, **body: object) -> dict[str, object]:
    """What `/invocations` says, once the endpoint is there."""
    return engine.ask("POST", f"/endpoints/{endpoint}/invocations", json.dumps(body).encode()).json


def infer(engine: RunningEngine, endpoint: str, *tensors: dict[str, object]) -> dict[str, object]:
    return engine.ask("POST", f"/v2/models/{endpoint}/infer", json.dumps({"inputs": tensors}).encode()).json


def tensor(name: str, data: object, datatype: str = "FP64") -> dict[str, object]:
    return {"name": name, "shape": [3, 2], "datatype": datatype, "data": data}


def test_an_onnx_model_answers_both_protocols(
    engine: RunningEngine, registry: FolderRegistry, home: Path
) -> None:
    serve(engine, registry, "onnx", onnx_model(home / "model.onnx"))
    expected = [[8.0], [18.0], [31.0]]
    assert ask(engine, "onnx", inputs=ROWS) == {"predictions": expected}
    assert ask(engine, "onnx", inputs={"x": ROWS}) == {"predictions": expected}
    assert ask(engine, "onnx", dataframe_split={"columns": ["a", "b"], "data": ROWS}) == {
        "predictions": expected
    }
    flat = [value for row in ROWS for value in row]
    (output,) = infer(engine, "onnx", tensor("x", flat, "FP32"))["outputs"]
    assert output == {"name": "y", "shape": [3, 1], "datatype": "FP32", "data": [8.0, 18.0, 31.0]}
    metadata = engine.ask("GET", "/v2/models/onnx").json
    assert metadata["platform"] == "onnx_onnxv1"
    assert metadata["inputs"] == [{"name": "x", "shape": [-1, 2], "datatype": "FP32"}]
    assert metadata["outputs"] == [{"name": "y", "shape": [-1, 1], "datatype": "FP32"}]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [[1.0, 2.0, 3.0]]},
        {"inputs": [["one", "two"]]},
        {"inputs": {"z": ROWS}},
        {"inputs": [[1.0], [1.0, 2.0]]},
    ],
)
def test_what_does_not_fit_an_onnx_model_is_the_callers_mistake(
    engine: RunningEngine, registry: FolderRegistry, home: Path, body: dict[str, object]
) -> None:
    if "onnx" not in engine.status()["endpoints"]:
        serve(engine, registry, "onnx", onnx_model(home / "model.onnx"))
    assert ask(engine, "onnx", **body)["error_code"] == "BAD_REQUEST"


def test_safetensors_go_to_the_users_callable(engine: RunningEngine) -> None:
    assert ask(engine, "tensors", inputs=[[1, 2], [3, 4]]) == {"predictions": [[24.0], [68.0]]}
    assert ask(engine, "tensors", inputs=[[1, 2]], params={"bias": 1}) == {"predictions": [[25.0]]}
    assert ask(engine, "tensors", inputs=[[1, 2]], params={"unknown": 1})["error_code"] == "BAD_REQUEST"


def test_a_scikit_learn_model_answers_both_protocols(engine: RunningEngine) -> None:
    assert ask(engine, "skops", inputs=ROWS) == {"predictions": [0, 1, 1]}
    assert ask(engine, "skops", dataframe_records=[{"a": 1, "b": 2}]) == {"predictions": [0]}
    (output,) = infer(engine, "skops", tensor("any", [value for row in ROWS for value in row]))["outputs"]
    assert (output["datatype"], output["data"]) == ("INT64", [0, 1, 1])
    assert engine.ask("GET", "/v2/models/skops").json["inputs"][0]["shape"] == [-1, 2]
    assert ask(engine, "skops", inputs=[[1.0]])["error_code"] == "BAD_REQUEST"
    assert all(sum(row) == pytest.approx(1) for row in ask(engine, "proba", inputs=ROWS)["predictions"])


@pytest.mark.parametrize("value", ["text", None, {"a": 1}, float("nan"), float("inf")])
def test_values_that_a_scikit_learn_model_cannot_take_are_the_callers_mistake(
    engine: RunningEngine, value: object
) -> None:
    assert ask(engine, "skops", inputs=[[1.0, value]])["error_code"] == "BAD_REQUEST"


def test_a_model_that_was_never_fitted_is_its_own_mistake(engine: RunningEngine) -> None:
    answer = ask(engine, "unfitted", inputs=ROWS)
    assert answer["error_code"] == "INTERNAL_ERROR"
    assert "NotFittedError" in str(answer["message"])


@pytest.mark.parametrize("shape", [[10**12, 0], [0, 10**12], [10**4000] * 2, [1] * 100, [10**6, 10**6, 0]])
def test_a_shape_that_asks_for_too_much_costs_nothing(engine: RunningEngine, shape: list[int]) -> None:
    answer = infer(engine, "skops", {**tensor("any", []), "shape": shape})
    assert answer["error_code"] == "BAD_REQUEST"


def test_an_input_without_values_keeps_its_shape(engine: RunningEngine) -> None:
    for shape in ([0, 4], [2, 0], [2, 3, 0], [2, 0, 3]):
        (output,) = infer(engine, "code", {**tensor("any", []), "shape": shape})["outputs"]
        # A list cannot say how many values the lists would have that are not in it.
        assert output["shape"] == shape[: shape.index(0) + 1]


def test_types_that_skops_does_not_trust_are_the_operators_decision(engine: RunningEngine) -> None:
    assert len(ask(engine, "trusting", inputs=ROWS)["predictions"]) == 3
    status = engine.until_failed("not-trusting")
    assert "operators_own.halve" in status["problem"]
    assert status["hint"] == 'name them in the policy: trusted_types = ["operators_own.halve"]'


def test_an_mlflow_model_answers_both_protocols(
    engine: RunningEngine, registry: FolderRegistry, home: Path
) -> None:
    mlflow = pytest.importorskip("mlflow.sklearn")
    pandas = pytest.importorskip("pandas")
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    frame = pandas.DataFrame(ROWS, columns=["a", "b"])
    model = LinearRegression().fit(frame, [5.0, 11.0, 19.0])
    mlflow.save_model(model, str(home / "pyfunc"), signature=infer_signature(frame, model.predict(frame)))
    files = {
        str(path.relative_to(home / "pyfunc")): path.read_bytes()
        for path in (home / "pyfunc").rglob("*")
        if path.is_file()
    }
    serve(engine, registry, "pyfunc", files, {"format": "mlflow"})  # type: ignore[arg-type]
    split = {"columns": ["b", "a"], "data": [[2.0, 1.0]]}
    assert ask(engine, "pyfunc", dataframe_split=split)["predictions"] == pytest.approx([5.0])
    assert (
        ask(engine, "pyfunc", dataframe_split={"columns": ["b"], "data": [[2.0]]})["error_code"]
        == "BAD_REQUEST"
    )
    columns = [{**tensor(name, [float(v)] * 3), "shape": [3]} for name, v in (("a", 3), ("b", 4))]
    (output,) = infer(engine, "pyfunc", *columns)["outputs"]
    assert output["data"] == pytest.approx([11.0] * 3)


def test_code_of_the_version_runs_only_where_it_is_allowed(engine: RunningEngine) -> None:
    assert ask(engine, "code", inputs=[1]) == {"predictions": [1]}
    for name in ("not-allowed-code", "not-allowed-tensors", "not-allowed-pyfunc"):
        assert "allowed" in engine.until_failed(name)["problem"]


def test_an_installed_callable_is_not_replaced_by_one_of_the_version(engine: RunningEngine) -> None:
    assert ask(engine, "installed", inputs=[1]) == {"predictions": ["installed"]}


def test_a_pickle_is_never_opened(engine: RunningEngine, home: Path) -> None:
    assert "is not a skops file" in engine.until_failed("pickle")["problem"]
    assert not (home / "opened").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("garbage-onnx", "not a model that onnxruntime can load"),
        ("garbage-tensors", "allowed"),
        ("no-block", "has no [serving] block"),
    ],
)
def test_what_cannot_be_loaded_is_said(engine: RunningEngine, name: str, words: str) -> None:
    if "onnx" in name:
        pytest.importorskip("onnxruntime")
    assert words in engine.until_failed(name)["problem"]
    told = ask(engine, name, inputs=[1])["message"]
    assert words in str(told)
    assert "/" not in str(told)


@pytest.mark.parametrize("name", ["model.onnx", "model.skops"])
def test_a_changed_byte_is_found_before_the_file_is_opened(
    registry: FolderRegistry, engine: RunningEngine, home: Path, name: str
) -> None:
    path = home / f"changed-{name}"
    path.write_bytes(b"what was pinned")
    endpoint = name.replace(".", "-")
    digest = registry.version("9.0", path)
    stored = registry.folder / "artifacts" / digest.hex / path.name
    stored.write_bytes(b"What was pinned")
    registry.endpoint(endpoint, {"9.0": 1.0}, model=endpoint)
    # The file is garbage to both formats, and that is not what is said of it.
    problem = engine.until_failed(endpoint)["problem"]
    assert str(digest) in problem
    assert "is not" not in problem
