"""Arguments that notebooks produce are taken for what they are, or refused with a reason."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.everything import Everything

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput

np = pytest.importorskip("numpy")
NUL = "a\0b"


@pytest.fixture
def served(registry: Registry) -> Registry:
    registry.register_model("m", b"first")
    registry.create_model_version("m", model_data=b"second")
    registry.create_endpoint("e", "m", "1.0")
    return registry


@pytest.mark.filterwarnings("ignore::regolo_git.RegoloNotice")
def test_numbers_of_numpy_are_numbers(served: Registry) -> None:
    assert served.promote_model_version("m", "1.0", "staging", np.int64(2)).replicas == 2
    shares = {"1.0": np.float32(0.1), "1.1": np.float32(0.9)}
    endpoint = served.update_endpoint_traffic("e", shares, replicas={"1.1": np.int32(3)})
    assert endpoint.traffic == {"1.0": 0.1, "1.1": 0.9}
    assert endpoint.versions["1.1"].replicas == 3
    assert served.get_endpoint_metrics("e", window=np.int64(60)).window_seconds == 60


@pytest.mark.parametrize("traffic", [[("1.0", 1)], "1.0", 1])
def test_traffic_that_is_not_a_mapping_is_a_type_error(served: Registry, traffic: object) -> None:
    with pytest.raises(TypeError, match="expected a mapping"):
        served.update_endpoint_traffic("e", traffic)  # type: ignore[arg-type]


@pytest.mark.parametrize("environment", [None, 1, b"staging"])
def test_an_environment_that_is_not_a_string_is_a_type_error(served: Registry, environment: object) -> None:
    with pytest.raises(TypeError, match="the name of an environment must be a string"):
        served.promote_model_version("m", "1.0", environment)  # type: ignore[arg-type]


def test_values_of_pandas_that_a_manifest_cannot_hold_are_named(served: Registry) -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InvalidInput, match="'trained' is not a time"):
        served.create_model_version("m", model_data=b"third", metadata={"trained": pandas.NaT})
    for call in (served.create_model_version, served.log_model):
        with pytest.raises(TypeError, match="expected a mapping"):
            call("m", model_data=b"third", metadata=pandas.Series({"accuracy": 0.9}))


CALLS: dict[str, Callable[[Registry], object]] = {
    "open": lambda _: Registry.open(NUL),
    "init": lambda _: Registry.init(NUL),
    "clone from": lambda _: Registry.clone(NUL),
    "clone to": lambda registry: Registry.clone(str(registry.handle.paths.top), NUL),
    "check out": lambda registry: registry.checkout_model_version("m", "1.0", NUL),
    "check out to a path": lambda registry: registry.checkout_model_version("m", "1.0", Path(NUL)),
    "register": lambda registry: registry.register_model("n", NUL),
    "register a path": lambda registry: registry.register_model("n", Path(NUL)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_path_with_a_nul_character_is_refused(served: Registry, call: Callable[[Registry], object]) -> None:
    before = Everything.of(served.handle.paths.top)
    with pytest.raises(InvalidInput, match="has a NUL character"):
        call(served)
    before.must_be(served.handle.paths.top)


def test_a_registry_is_not_made_of_a_path(registry: Registry) -> None:
    with pytest.raises(TypeError, match=r"a registry is opened with Registry\.open\('models'\)"):
        Registry("models")  # type: ignore[arg-type]
