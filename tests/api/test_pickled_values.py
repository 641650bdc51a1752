"""Values of the API go to other processes: by pickle, `multiprocessing`, joblib and `copy`."""

import copy
import pickle
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from support.git_program import git
from support.program import run_python
from support.public_values import fill, public_values
from support.registry_fixtures import Weights

from regolo_git import ModelVersion
from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, RegoloError
from regolo_git.hints import Hint
from regolo_git.registry.environments.declared import UnknownEnvironment
from regolo_git.registry.environments.judgement import GatesRefused


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def test_every_value_survives_a_pickle_and_a_copy(registry: Registry) -> None:
    fill(registry, registry.handle.paths.top)
    for value in public_values(registry):
        assert pickled(value) == value, type(value)
        assert copy.deepcopy(value) == value, type(value)


def test_a_pickled_version_reads_its_registry(registry: Registry, tmp_path: Path) -> None:
    registry.register_model("m", b"one", metrics={"f1": 0.8})
    version = pickled(registry.get_model_version("m"))
    assert version.metrics == {"f1": 0.8}
    assert version.checkout(tmp_path / "m.bin").read_bytes() == b"one"
    assert pickled([version, version])[1].open().read() == b"one"


def test_a_pickle_of_one_version_does_not_hold_the_others(registry: Registry) -> None:
    registry.register_model("m", b"one")
    alone = len(pickle.dumps(registry.list_model_versions("m")[0]))
    for number in range(3):
        registry.create_model_version("m", model_data=b"%d" % number)
    assert len(pickle.dumps(registry.list_model_versions("m")[0])) < alone + 20


def test_a_pickle_is_read_where_there_is_no_registry(registry: Registry) -> None:
    registry.register_model("m", b"one")
    version = pickled(registry.get_model_version("m"))
    top = registry.handle.paths.top
    top.rename(top.with_name("moved"))
    assert (version.reference, version.size_bytes) == ("m@1.0", 3)
    with pytest.raises(NotFound, match=f"no Git repository at '{top}'"):
        assert version.metrics
    top.with_name("moved").rename(top)


@pytest.mark.slow
def test_another_process_promotes_a_version(registry: Registry, tmp_path: Path) -> None:
    registry.register_model("m", b"one")
    path = tmp_path / "version.pickle"
    path.write_bytes(pickle.dumps(registry.get_model_version("m")))
    code = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb')).promote('staging')"
    run_python(code, str(path), cwd=tmp_path)
    assert registry.get_model_version("m").status == "staging"


def test_a_registry_is_pickled_by_its_path(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with pickled(registry) as other:
        assert other.list_models() == registry.list_models()


def test_a_version_is_fields_for_others_and_keeps_its_registry(registry: Registry) -> None:
    registry.register_model("m", b"one", metrics={"f1": 0.8})
    version = registry.get_model_version("m")
    assert "_source" not in asdict(version)
    assert replace(version, status="mine").metrics == {"f1": 0.8}
    alone = ModelVersion(**{each.name: getattr(version, each.name) for each in fields(version)})
    assert alone == version
    for ask in (lambda: alone.metrics, lambda: alone.signature, lambda: alone.checkout("m")):
        with pytest.raises(InvalidInput, match="not bound to a registry"):
            ask()


# -- what a version can do --------------------------------------------------------------------------------


def test_a_version_is_checked_out_opened_evaluated_labelled_promoted_and_retired(
    registry: Registry, weights: Weights, tmp_path: Path
) -> None:
    registry.register_model("m", weights())
    version = registry.create_model_version("m", model_data=weights(fill=2))
    assert version.path == "model.safetensors"
    assert version.checkout(tmp_path / "again").read_bytes() == version.open().read()
    assert version.evaluate({"f1": 0.7}, labels={"suite": "holdout"}).metrics == {"f1": 0.7}
    assert version.label({"approved": "yes"}).labels == {"approved": "yes"}
    assert version.promote("staging", 2, message="better").replicas == 2
    registry.get_model_version("m", "1.0").retire("too slow")
    assert registry.get_model_version("m", "1.0").status == "retired"


def test_a_proposal_can_do_nothing_yet(registry: Registry) -> None:
    registry.register_model("m", b"one")
    proposed = registry.create_model_version("m", model_data=b"two", flow="propose")
    with pytest.raises(NotFound, match=r"'m@1\.1' has no tag before it is merged"):
        proposed.promote("staging")


def test_a_number_that_went_to_another_version_is_not_taken_for_it(registry: Registry) -> None:
    registry.register_model("m", b"one")
    version = registry.create_model_version("m", model_data=b"two")
    registry.renumber_model_version("m", "1.1")
    with pytest.raises(NotFound):
        version.promote("staging")
    other = replace(registry.get_model_version("m", "1.0"), commit=version.commit)
    with pytest.raises(Conflict, match=r"'m@1\.0' is another version by now"):
        other.promote("staging")


def test_a_created_version_knows_its_signature_and_evaluations(registry: Registry) -> None:
    version = registry.log_model("m", b"one", metrics={"f1": 0.8})
    assert version.signature is None
    registry.evaluate_model_version("m", "1.0", metrics={"auc": 0.9})
    assert version.metrics == {"f1": 0.8, "auc": 0.9}


# -- errors -----------------------------------------------------------------------------------------------


def errors() -> Iterator[type[RegoloError]]:
    waiting = [RegoloError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__init__ is RegoloError.__init__:
            yield kind


@pytest.mark.parametrize("kind", sorted(errors(), key=lambda kind: kind.__name__))
def test_an_error_is_pickled_with_its_hint(kind: type[RegoloError]) -> None:
    again = pickled(kind("'m' is wrong", Hint("list", "m")))
    assert (type(again), again.message, str(again.hint)) == (kind, "'m' is wrong", "git regolo list m")
    assert again.__notes__ == ['hint: regolo.list_model_versions("m")']


def test_errors_that_carry_more_are_pickled_with_it(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with pytest.raises(UnknownEnvironment) as unknown:
        registry.promote_model_version("m", "1.0", "stagin")
    assert pickled(unknown.value).nearest == "staging"
    top = registry.handle.paths.top
    with (top / "models/m/model.toml").open("a") as card:
        card.write("[gates.f1]\nmin = 0.5\nrequired = true\n")
    git(top, "commit", "-qam", "a gate")
    with pytest.raises(GatesRefused) as refused:
        registry.promote_model_version("m", "1.0", "staging")
    assert pickled(refused.value).judgement == refused.value.judgement
