"""Clients that others wrote, unchanged: Triton's for the Open Inference Protocol, and MLflow's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow

numpy = pytest.importorskip("numpy")
triton = pytest.importorskip("tritonclient.http")
utils = pytest.importorskip("tritonclient.utils")
ml_dtypes = pytest.importorskip("ml_dtypes")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
SUMMING = """
def load(path, config):
    def predict(inputs, scale=1.0):
        rows = inputs["x"] if isinstance(inputs, dict) else inputs
        rows = [list(row.values()) if isinstance(row, dict) else row for row in rows]
        return [sum(row) * scale for row in rows]
    return predict
"""


def identity(dtype: str, *, outputs: int = 1) -> bytes:
    """A model that gives back its input, under the names `y` or `y` and `z`."""
    odd = {"object": onnx.TensorProto.STRING, "bfloat16": onnx.TensorProto.BFLOAT16}
    kind = odd[dtype] if dtype in odd else onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype))
    names = ["y", "z"][:outputs]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], [name]) for name in names],
        "g",
        [onnx.helper.make_tensor_value_info("x", kind, [None, 2])],
        [onnx.helper.make_tensor_value_info(name, kind, [None, 2]) for name in names],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def values(dtype: str) -> object:
    """Three rows, with the ends of a type's range."""
    if dtype == "object":
        return numpy.array([["a", ""], ["ü", "x" * 300], ["\n", "\0"]], dtype=object)
    if dtype == "bool":
        return numpy.array([[True, False], [False, False], [True, True]])
    limits = numpy.finfo(dtype) if dtype in FLOATS else numpy.iinfo(dtype)
    return numpy.array([[limits.min, limits.max], [0, 1], [2, 3]], dtype)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    home = tmp_path_factory.mktemp("clients")
    registry = FolderRegistry(home / "registry")
    commit = ""
    for number, dtype in enumerate((*DTYPES, *FLOATS, "object")):
        model = home / f"{dtype}.onnx"
        model.write_bytes(identity(dtype))
        registry.version(f"1.{number}", model, {"format": "onnx"})
        commit = registry.endpoint(dtype, {f"1.{number}": 1.0})
    halves = home / "bfloat16.onnx"
    halves.write_bytes(identity("bfloat16"))
    registry.version("1.20", halves, {"format": "onnx"})
    registry.endpoint("bfloat16", {"1.20": 1.0})
    two = home / "two.onnx"
    two.write_bytes(identity("float32", outputs=2))
    registry.version("2.0", two, {"format": "onnx"})
    registry.endpoint("two", {"2.0": 1.0})
    registry.version("3.0", {"serve.py": SUMMING}, PYTHON)
    registry.endpoint("sums", {"3.0": 1.0}, routing=Routing(max_body_bytes=1 << 20))
    registry.version("3.1", {"serve.py": ECHO}, PYTHON)
    commit = registry.endpoint("echo", {"3.1": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("echo", commit)
        yield engine


@pytest.fixture(scope="module")
def client(engine: RunningEngine) -> Iterator[object]:
    with triton.InferenceServerClient(f"localhost:{engine.port}") as client:
        yield client


def given(array: object, *, binary: bool, name: str = "x") -> object:
    tensor = triton.InferInput(name, array.shape, utils.np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


@pytest.mark.parametrize("dtype", [*DTYPES, *FLOATS, "object"])
@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [None, True, False])
def test_tritons_client_gets_back_what_it_sends(
    client, dtype: str, binary_in: bool, binary_out: bool | None
) -> None:
    if dtype == "float16" and not (binary_in and binary_out is not False):
        pytest.skip("the client itself has no JSON for FP16")
    array = values(dtype)
    wanted = None if binary_out is None else [triton.InferRequestedOutput("y", binary_data=binary_out)]
    result = client.infer(dtype, [given(array, binary=binary_in)], outputs=wanted, request_id="7")
    found = result.as_numpy("y")
    if dtype == "object":
        texts = [held.decode() if isinstance(held, bytes) else held for held in found.ravel()]
        found = numpy.array(texts, dtype=object).reshape(found.shape)
    assert found.shape == array.shape
    assert numpy.array_equal(found, array)
    assert result.get_response()["id"] == "7"
    assert result.get_output("y")["datatype"] == utils.np_to_triton_dtype(array.dtype)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_tritons_client_may_compress(client, algorithm: str) -> None:
    array = values("float32")
    result = client.infer(
        "float32",
        [given(array, binary=True)],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    assert numpy.array_equal(result.as_numpy("y"), array)


def test_tritons_client_gets_back_what_is_too_large_to_be_held(client) -> None:
    array = numpy.arange(1_000_000, dtype="float32").reshape(-1, 2)
    result = client.infer("float32", [given(array, binary=True)])
    assert numpy.array_equal(result.as_numpy("y"), array)


def test_tritons_other_clients_work_too(engine: RunningEngine, client) -> None:
    array = values("int32")
    assert numpy.array_equal(
        client.async_infer("int32", [given(array, binary=True)]).get_result().as_numpy("y"), array
    )
    aio = pytest.importorskip("tritonclient.http.aio")

    async def ask() -> object:
        async with aio.InferenceServerClient(f"127.0.0.1:{engine.port}") as other:
            assert await other.is_server_ready()
            return (await other.infer("int32", [given(array, binary=True)])).as_numpy("y")

    assert numpy.array_equal(asyncio.run(ask()), array)


def test_tritons_client_gets_the_outputs_that_it_asks_for(client) -> None:
    inputs = [given(values("float32"), binary=True)]
    result = client.infer("two", inputs, outputs=[triton.InferRequestedOutput("z")])
    assert result.as_numpy("y") is None
    assert numpy.array_equal(result.as_numpy("z"), values("float32"))
    with pytest.raises(utils.InferenceServerException, match="the model has no output 'q'; it has y, z"):
        client.infer("two", inputs, outputs=[triton.InferRequestedOutput("q")])


def test_tritons_client_sends_bytes_that_no_onnx_model_takes_to_a_python_model(client) -> None:
    array = numpy.array([[1.5, -2.0]], "float32")
    halves = triton.InferInput("x", [2], "BF16")
    halves.set_data_from_numpy(array[0].astype(ml_dtypes.bfloat16))
    assert client.infer("echo", [halves]).as_numpy("x").tolist() == [1.5, -2.0]
    result = client.infer("sums", [given(array, binary=True)], parameters={"scale": 2.0})
    assert result.as_numpy("output-0").tolist() == [-1.0]


def test_tritons_client_calls_a_model_of_bfloat16(client) -> None:
    array = numpy.array([[1.5, -2.0], [256.0, 0.1]]).astype(ml_dtypes.bfloat16)
    result = client.infer("bfloat16", [given(array, binary=True)])
    assert result.get_output("y")["datatype"] == "BF16"
    assert numpy.array_equal(result.as_numpy("y").astype("float32"), array.astype("float32"))


def test_tritons_client_learns_what_is_served(client) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("two", "2.0")
    assert not client.is_model_ready("nobody")
    assert client.get_server_metadata()["name"] == "regolo-git"
    metadata = client.get_model_metadata("two")
    assert [output["name"] for output in metadata["outputs"]] == ["y", "z"]
    config = client.get_model_config("two", "2.0")
    assert config["input"] == [{"name": "x", "data_type": "TYPE_FP32", "dims": [-1, 2]}]
    index = client.get_model_repository_index()
    assert {"name": "two", "version": "2.0", "state": "READY", "reason": ""} in index


def test_tritons_client_reads_every_refusal(client) -> None:
    good = given(values("float32"), binary=True)
    with pytest.raises(utils.InferenceServerException, match="there is no endpoint 'nobody'") as caught:
        client.infer("nobody", [good])
    assert caught.value.status() == "404"
    with pytest.raises(utils.InferenceServerException, match="x"):
        client.infer("float32", [given(values("int64"), binary=True)])
    with pytest.raises(utils.InferenceServerException, match="more than one input 'x'"):
        client.infer("float32", [good, good])
    with pytest.raises(utils.InferenceServerException, match="larger than"):
        client.infer("sums", [given(numpy.zeros((1, 1 << 20)), binary=True)])
    for call in (client.load_model, client.unload_model, client.get_inference_statistics):
        with pytest.raises(utils.InferenceServerException, match="no such path"):
            call("two")


# -- MLflow -----------------------------------------------------------------------------------------------


def test_mlflows_scoring_client_works_unchanged(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    scoring = pytest.importorskip("mlflow.pyfunc.scoring_server.client")
    registry = FolderRegistry(tmp_path / "registry")
    registry.version("1.0", {"serve.py": SUMMING}, PYTHON)
    commit = registry.endpoint("sums", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("sums", commit)
        client = scoring.ScoringServerClient("127.0.0.1", engine.port)
        client.wait_server_ready(timeout=120)
        client.ping()
        assert client.get_version()
        table = pandas.DataFrame({"a": [1.5, 2], "b": [3, 4]})
        assert client.invoke(table).get_predictions()[0].tolist() == [4.5, 6.0]
        assert client.invoke(numpy.array([[1, 2], [3, 4]])).get_predictions()[0].tolist() == [3.0, 7.0]
        scaled = client.invoke([[1, 2]], params={"scale": 3.0}).get_predictions()
        assert scaled[0].tolist() == [9.0]
        with pytest.raises(Exception, match="the model has no parameter 'factor'"):
            client.invoke([[1, 2]], params={"factor": 3.0})


def test_mlflows_deployment_client_works_unchanged(engine: RunningEngine) -> None:
    deployments = pytest.importorskip("mlflow.deployments")
    client = deployments.get_deploy_client(f"http://127.0.0.1:{engine.port}")
    assert client.predict(endpoint="sums", inputs={"inputs": [[1, 2]]}) == {"predictions": [3]}
