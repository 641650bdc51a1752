"""ONNX models that nobody here made, in a running server: the answers are those of onnxruntime itself.

They come with packages that `.ci/run` installs without what those need: magika, silero-vad,
rapidocr-onnxruntime.  One more is what skl2onnx makes of a pipeline.
"""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.folder_source import FolderRegistry
from support.running_engine import RunningEngine, running_engine

onnxruntime = pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.slow

PACKAGED = {
    "magika": "magika/models/standard_v3_3/model.onnx",
    "silero": "silero_vad/data/silero_vad.onnx",
    "ocr": "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
}


def packaged(name: str) -> Path:
    """A model's file in its package, which is not imported."""
    package, _, rest = PACKAGED[name].partition("/")
    found = find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent / rest


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> FolderRegistry:
    return FolderRegistry(tmp_path_factory.mktemp("real") / "registry")


@pytest.fixture(scope="module")
def engine(registry: FolderRegistry) -> Iterator[RunningEngine]:
    registry.version(
        "1.0", {"serve.py": "def load(path, config):\n    return len\n"}, {"entry_point": "serve:load"}
    )
    registry.endpoint("other", {"1.0": 1.0}, model="other")
    with running_engine(
        registry, policy_text='formats = ["onnx", "python"]\nrepository_code = true\n'
    ) as engine:
        yield engine


class Served:
    """A model at an endpoint, and the same in onnxruntime."""

    def __init__(self, engine: RunningEngine, registry: FolderRegistry, name: str, path: Path) -> None:
        self.name, self.engine = name, engine
        self.session = onnxruntime.InferenceSession(path)
        if name not in engine.status()["endpoints"]:
            version = f"2.{len(engine.status()['endpoints'])}"
            registry.version(version, path)
            engine.until_serving(name, registry.endpoint(name, {version: 1.0}, model=name))

    def direct(self, **feeds: Any) -> dict[str, Any]:
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(None, feeds), strict=True))

    def ask(self, **body: Any) -> dict[str, Any]:
        return self.engine.ask("POST", f"/endpoints/{self.name}/invocations", json.dumps(body).encode()).json

    def infer(self, *, binary: bool, **feeds: Any) -> dict[str, Any]:
        """The outputs by name, as arrays, of tensors in JSON or in bytes."""
        parts = [array.tobytes() for array in feeds.values()] if binary else []
        tensors = [
            {"name": name, "shape": list(array.shape), "datatype": TYPES[array.dtype.name]}
            | (
                {"parameters": {"binary_data_size": array.nbytes}}
                if binary
                else {"data": array.ravel().tolist()}
            )
            for name, array in feeds.items()
        ]
        head = json.dumps({"inputs": tensors}).encode()
        headers = {"Inference-Header-Content-Length": str(len(head))} if binary else {}
        body = b"".join((head, *parts))
        answer = self.engine.ask("POST", f"/v2/models/{self.name}/infer", body, headers).json
        return {
            output["name"]: np.array(output["data"], dtype=DTYPES[output["datatype"]]).reshape(
                output["shape"]
            )
            for output in answer["outputs"]
        }

    def check(self, **feeds: Any) -> None:
        """Both protocols give what onnxruntime gives."""
        expected = self.direct(**feeds)
        for binary in (False, True):
            outputs = self.infer(binary=binary, **feeds)
            assert outputs.keys() == expected.keys()
            for name, array in expected.items():
                assert outputs[name].dtype == array.dtype
                np.testing.assert_array_equal(outputs[name], array)
        plain = {name: array.tolist() for name, array in expected.items()}
        asked = {name: array.tolist() for name, array in feeds.items()}
        assert self.ask(inputs=asked)["predictions"] == (
            plain if len(plain) > 1 else next(iter(plain.values()))
        )

    def refused(self, **body: Any) -> str:
        """Why a request is the caller's mistake."""
        answer = self.ask(**body)
        assert answer["error_code"] == "BAD_REQUEST", answer
        return str(answer["message"])


TYPES = {"float32": "FP32", "int64": "INT64", "int32": "INT32"}
DTYPES = {datatype: name for name, datatype in TYPES.items()}
NUMBERS = np.random.default_rng(7)


def test_magika_finds_what_a_file_is(engine: RunningEngine, registry: FolderRegistry) -> None:
    served = Served(engine, registry, "magika", packaged("magika"))
    given = NUMBERS.integers(0, 257, (3, 2048), dtype="int32")
    served.check(bytes=given)
    direct = served.direct(bytes=given)["target_label"].tolist()
    assert served.ask(inputs=given.tolist())["predictions"] == direct
    assert served.ask(instances=given.tolist())["predictions"] == direct
    assert served.ask(instances=[{"bytes": row} for row in given.tolist()])["predictions"] == direct
    assert "input 'bytes' takes INT32" in served.refused(inputs=(given / 2).tolist())
    assert "input 'bytes' takes INT32, which cannot hold 2147483648" in served.refused(
        inputs=[[2**31] * 2048]
    )
    assert "Expected: 2048" in served.refused(inputs=given[:, 1:].tolist())


def test_silero_hears_speech(engine: RunningEngine, registry: FolderRegistry) -> None:
    served = Served(engine, registry, "silero", packaged("silero"))
    sound = NUMBERS.normal(0, 0.1, (1, 512)).astype("float32")
    state, rate = np.zeros((2, 1, 128), dtype="float32"), np.array(16000, dtype="int64")
    served.check(input=sound, state=state, sr=rate)
    served.check(input=sound, state=served.direct(input=sound, state=state, sr=rate)["stateN"], sr=rate)
    whole = {"input": sound.tolist(), "state": state.tolist(), "sr": 16000}
    assert "input 'sr' takes INT64, and the request has text ('16000')" in served.refused(
        inputs=whole | {"sr": "16000"}
    )
    assert "a floating-point number (16000.0)" in served.refused(inputs=whole | {"sr": 16000.0})
    assert "the request has input, state" in served.refused(
        inputs={"input": sound.tolist(), "state": state.tolist()}
    )


def test_an_ocr_classifier_sees_which_way_is_up(engine: RunningEngine, registry: FolderRegistry) -> None:
    served = Served(engine, registry, "ocr", packaged("ocr"))
    images = NUMBERS.uniform(-1, 1, (2, 3, 48, 192)).astype("float32")
    served.check(x=images)
    whole = np.rint(images * 4).astype("int64")
    expected = served.direct(x=whole.astype("float32"))["save_infer_model/scale_0.tmp_1"].tolist()
    assert served.ask(inputs=whole.tolist())["predictions"] == expected
    assert "takes FP32, and the request has null" in served.refused(inputs=[[[[None]]]])


def test_a_converted_pipeline_scores_its_classes(
    engine: RunningEngine, registry: FolderRegistry, tmp_path: Path
) -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    seen = NUMBERS.normal(size=(40, 3)).astype("float32")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(seen, np.arange(40) % 3)
    path = tmp_path / "model.onnx"
    path.write_bytes(skl2onnx.to_onnx(model, seen[:1]).SerializeToString())
    served = Served(engine, registry, "converted", path)
    direct = served.direct(X=seen)
    assert isinstance(direct["output_probability"], list)
    outputs = served.infer(binary=False, X=seen)
    np.testing.assert_array_equal(outputs["output_label"], direct["output_label"])
    assert outputs["output_probability"].shape == (40, 3)
    np.testing.assert_array_equal(
        outputs["output_probability"],
        np.array([list(row.values()) for row in direct["output_probability"]], "float32"),
    )
    plain = served.ask(inputs=seen.tolist())["predictions"]
    assert plain["output_probability"] == [
        {str(k): v for k, v in row.items()} for row in direct["output_probability"]
    ]
