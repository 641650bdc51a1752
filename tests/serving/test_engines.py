"""The engines that there are: each name has a module that is an `Engine`, and no other name gets through."""

import inspect
from pathlib import Path

import pytest
from support.running_registry import ServedRegistry

from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import ENGINES
from regolo_git.serving.engines import MODULES, Engine, load_engine

VERBS = [name for name, verb in vars(Engine).items() if inspect.isfunction(verb) and name.isalpha()]


@pytest.fixture
def served(tmp_path: Path) -> ServedRegistry:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.endpoint("1.0")
    return served


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_takes_what_the_protocol_says(name: str) -> None:
    engine = load_engine(name)
    assert {"serve", "status", "metrics", "replace", "stop"} == set(VERBS)
    for verb in VERBS:
        wanted = list(inspect.signature(getattr(Engine, verb)).parameters)[1:]
        assert list(inspect.signature(getattr(engine, verb)).parameters) == wanted


def test_the_names_that_a_record_may_hold_are_those_that_have_a_module() -> None:
    assert tuple(MODULES) == ENGINES


def test_an_endpoint_is_not_created_on_an_unknown_engine(served: ServedRegistry) -> None:
    with pytest.raises(InvalidInput, match="no engine 'abacus'") as raised:
        served.registry.create_endpoint("f", "m", "1.0", engine="abacus")
    assert raised.value.hint == "available engines: local"


def test_an_endpoint_of_an_engine_of_a_newer_program_is_named(served: ServedRegistry) -> None:
    text = (served.top / "endpoints/e.toml").read_text()
    served.write_by_hand("endpoints/e.toml", text.replace('engine = "local"', 'engine = "abacus"'))
    assert served.registry.get_endpoint("e").engine == "abacus"
    with pytest.raises(InvalidInput, match="no engine 'abacus'"):
        served.registry.get_endpoint_metrics("e")
