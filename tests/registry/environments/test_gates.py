"""A promotion asks the gates of the model and of the environment, and says what it found."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.copies import Once
from support.git_program import commit_files, git
from support.registry_fixtures import configure

from regolo_git.api import Registry
from regolo_git.artifacts.progress import Progress
from regolo_git.errors import IntegrityError, NotFound, PolicyRefused
from regolo_git.records.environment import Promotion
from regolo_git.records.references import Reference
from regolo_git.registry.environments.judgement import GatesRefused
from regolo_git.registry.environments.promote import promote

CARD = "models/m/model.toml"
PRODUCTION = "\n[environments.staging]\n\n[environments.production]\n"


@pytest.fixture
def measured(registry: Registry, once: Once) -> Registry:
    """Versions 1.0, 1.1 and 1.2 whose accuracy is 0.92, 0.91 and 0.80."""

    def build() -> None:
        for number, accuracy in enumerate((0.92, 0.91, 0.8)):
            metadata = {"accuracy": accuracy, "license": "MIT"}
            if number:
                registry.create_model_version("m", model_data=b"weights %d" % number, metadata=metadata)
            else:
                registry.register_model("m", b"weights 0", metadata=metadata)

    once(build)
    return registry


def gate(registry: Registry, text: str, path: str = CARD) -> None:
    """Adds to the model card, or to another record."""
    top = registry.handle.paths.top
    commit_files(top, {path: (top / path).read_text() + text})


def head(registry: Registry) -> str:
    return git(registry.handle.paths.top, "rev-parse", "HEAD")


def test_a_version_below_its_limit_is_not_promoted(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmin = 0.85\n")
    before = head(measured)
    with pytest.raises(PolicyRefused) as caught:
        measured.promote_model_version("m", "1.2", "production")
    assert caught.value.message == (
        "'m@1.2' may not be promoted to 'production': accuracy: 0.8 is below min 0.85 (1 gate: 1 fails)"
    )
    assert caught.value.exit_code == 8
    assert caught.value.hint == f"commit a better version, or change '{CARD}' by review"
    assert head(measured) == before
    assert measured.promote_model_version("m", "1.1", "production").version == "1.1"


def test_a_drop_is_from_what_is_in_that_environment_now(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmax_drop = 0.05\n")
    measured.promote_model_version("m", "1.2", "staging")  # nothing was there
    measured.promote_model_version("m", "1.1", "production")
    with pytest.raises(GatesRefused, match=r"fell by 0\.11 from 0\.91 in m@1\.1 to 0\.8, beyond") as caught:
        measured.promote_model_version("m", "1.2", "production")
    before = caught.value.judgement.before
    assert before is not None
    assert before.version == "1.1"
    measured.promote_model_version("m", "1.0", "staging")


def test_an_open_gate_is_said_and_does_not_refuse(measured: Registry) -> None:
    gate(measured, "[gates.fairness]\nmax = 0.05\n")
    done = promote(measured.handle, Reference.parse("m@1.1"), "production")
    assert [(result.name, result.state) for result in done.judgement.results] == [("fairness", "open")]
    gate(measured, "required = true\n")
    with pytest.raises(GatesRefused, match="fairness: was not measured, and is required"):
        measured.promote_model_version("m", "1.2", "production")


def test_what_cannot_be_judged_is_refused(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmax_dorp = 0.1\n")
    with pytest.raises(GatesRefused, match=r"did you mean 'max_drop'\? \(1 gate: 1 not judged\)"):
        measured.promote_model_version("m", "1.1", "production")


def evaluated(registry: Registry, right: Sequence[bool]) -> None:
    """A version of `p` with its predictions."""
    directory = registry.handle.paths.top / "p"
    directory.mkdir(exist_ok=True)
    (directory / "weights.bin").write_bytes(str(sum(right)).encode())
    rows = (json.dumps({"id": number, "accuracy": int(one)}) for number, one in enumerate(right))
    (directory / "eval.jsonl").write_text("\n".join(rows))
    accuracy = {"value": sum(right) / len(right), "n": len(right), "predictions": "eval.jsonl"}
    registry.log_model("p", directory, metrics={"accuracy": accuracy})


def test_predictions_are_compared_case_by_case(registry: Registry) -> None:
    """40 cases lost and 10 won of 1,000: within the noise of two shares, and beyond that of the pairs."""
    evaluated(registry, [True] * 910 + [False] * 90)
    evaluated(registry, [False] * 40 + [True] * 880 + [False] * 80)
    gate(
        registry,
        "[metrics.accuracy]\ndirection = 'higher'\n[gates.accuracy]\nmax_drop = 0.0\n",
        "models/p/model.toml",
    )
    registry.promote_model_version("p", "1.0", "staging")
    with pytest.raises(GatesRefused, match="beyond noise") as caught:
        registry.promote_model_version("p", "1.1", "staging")
    assert caught.value.judgement.results[0].limits[0].method == "mcnemar"
    recipe = registry.handle.store.read_recipe(
        registry.get_model_version("p", "1.0").manifest.artifact.recipe
    )
    for chunk in recipe.chunks:
        (registry.handle.local_directory / "store/chunks" / chunk.blake3[:2] / chunk.blake3).unlink(
            missing_ok=True
        )
    with pytest.raises(GatesRefused, match=r"predictions not read: .* \(1 gate: 1 not judged\)"):
        registry.promote_model_version("p", "1.1", "staging")


def test_a_misspelt_table_of_gates_is_refused(measured: Registry) -> None:
    configure(measured, f"{PRODUCTION}[environments.production.gate]\nsigned = true\n")
    with pytest.raises(GatesRefused, match="'gate', did you mean 'gates'"):
        measured.promote_model_version("m", "1.1", "production")
    measured.promote_model_version("m", "1.1", "staging")


def test_an_environment_has_gates_of_its_own(measured: Registry) -> None:
    configure(
        measured,
        f'{PRODUCTION}[environments.production.gates]\nlicences = ["mit"]\nmetadata = ["intended_use"]\n'
        "[environments.production.gates.metrics.accuracy]\nmin = 0.9\n",
    )
    measured.promote_model_version("m", "1.2", "staging")
    with pytest.raises(GatesRefused) as caught:
        measured.promote_model_version("m", "1.2", "production")
    assert [(result.label, result.state) for result in caught.value.judgement.results] == [
        ("production: accuracy", "fail"),
        ("production: metadata.intended_use", "fail"),
        ("production: licence", "pass"),
    ]
    metadata = {"license": "mit", "intended_use": "tests", "accuracy": 0.95}
    measured.create_model_version("m", model_data=b"other", metadata=metadata)
    assert measured.promote_model_version("m", "1.3", "production").version == "1.3"


def test_the_rules_are_those_of_the_registry_branch(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmin = 0.85\n")
    top = measured.handle.paths.top
    git(top, "checkout", "-q", "-b", "elsewhere")
    gate(measured, "[gates.other]\nrequired = true\n")
    (top / CARD).write_text("format = 1\n")
    with pytest.raises(GatesRefused, match=r"1 gate: 1 fails"):
        measured.promote_model_version("m", "1.2", "production")


def test_a_proposed_promotion_asks_too(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmin = 0.85\n")
    with pytest.raises(GatesRefused):
        measured.promote_model_version("m", "1.2", "production", propose=True)
    assert "propose" not in git(measured.handle.paths.top, "branch", "--list")


def test_a_model_card_that_cannot_be_read_refuses(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmin = true\n")
    with pytest.raises(IntegrityError, match=r"'models/m/model\.toml': 'min' in \[gates\.accuracy\]"):
        measured.promote_model_version("m", "1.1", "production")


def test_a_rollback_that_takes_the_environment_along_does_not_ask_again(measured: Registry) -> None:
    measured.promote_model_version("m", "1.2", "production")
    measured.create_endpoint("e", "m", "1.2", environment="production")
    measured.promote_model_version("m", "1.1", "production")
    gate(measured, "[gates.accuracy]\nmin = 0.85\n")
    rolled = measured.rollback_endpoint("e", "1.2")
    assert rolled.traffic == {"1.2": 1.0}
    assert measured.get_model_version("m", "production").version == "1.2"


def dangerous() -> bytes:
    """A pickle that would run a command, if anybody loaded it."""
    return b"cos\nsystem\n(S'true'\ntR."


def test_dangerous_pickles_are_refused_in_production_and_said_elsewhere(measured: Registry) -> None:
    measured.create_model_version("m", model_data=dangerous())
    done = promote(measured.handle, Reference.parse("m@1.3"), "staging")
    assert [(result.label, result.state) for result in done.judgement.results] == [("staging: scan", "open")]
    with pytest.raises(GatesRefused, match=r"production: scan: 'm' asks for os\.system") as caught:
        measured.promote_model_version("m", "1.3", "production")
    assert "safetensors" in str(caught.value.hint)


def test_a_rollback_to_a_dangerous_pickle_is_refused_for_production_alone(measured: Registry) -> None:
    measured.create_model_version("m", model_data=dangerous())
    done = promote(measured.handle, Reference.parse("m@1.0"), "production").promotion
    text = replace(done, version="1.3").to_text()  # as a release without gates promoted it
    commit_files(measured.handle.paths.top, {"environments/production/m.toml": text})
    measured.create_endpoint("e", "m", "1.0", environment="production")
    measured.create_endpoint("free", "m", "1.0")
    with pytest.raises(PolicyRefused, match=r"os\.system"):
        measured.rollback_endpoint("e", "1.3")
    assert measured.rollback_endpoint("free", "1.3").traffic == {"1.3": 1.0}


def test_a_promotion_that_came_first_is_what_a_drop_is_from(measured: Registry) -> None:
    """Another promotion lands while the bytes of this one are read."""
    gate(measured, "[gates.accuracy]\nmax_drop = 0.005\n")
    measured.promote_model_version("m", "1.2", "production")
    others: list[Promotion] = []

    def interfere(progress: Progress) -> None:
        if not others:
            with Registry.open(measured.handle.paths.top) as other:
                others.append(other.promote_model_version("m", "1.0", "production"))

    with pytest.raises(GatesRefused, match=r"fell by 0\.01 from 0\.92 in m@1\.0 to 0\.91"):
        promote(measured.handle, Reference.parse("m@1.1"), "production", on_progress=interfere)
    assert measured.get_model_version("m", "production").version == "1.0"


def test_what_is_there_already_is_not_judged_again(measured: Registry) -> None:
    measured.promote_model_version("m", "1.2", "production")
    gate(measured, "[gates.accuracy]\nmin = 0.85\n")
    assert measured.promote_model_version("m", "1.2", "production", replicas=3).replicas == 3
    with pytest.raises(GatesRefused):
        measured.promote_model_version("m", "1.2", "staging")


def test_a_dry_run_checks_everything_and_changes_nothing(measured: Registry) -> None:
    gate(measured, "[gates.accuracy]\nmin = 0.85\n")
    measured.create_endpoint("e", "m", "1.0", environment="production")
    before = head(measured)
    done = promote(measured.handle, Reference.parse("m@1.1"), "production", dry_run=True)
    assert (done.commit, done.branch, done.endpoints) == (None, "main", ("e",))
    with pytest.raises(GatesRefused):
        promote(measured.handle, Reference.parse("m@1.2"), "production", dry_run=True)
    assert head(measured) == before


def test_what_is_there_may_be_missing_here_unless_a_gate_asks_for_it(measured: Registry) -> None:
    measured.promote_model_version("m", "1.0", "production")
    top = measured.handle.paths.top
    path = "environments/production/m.toml"
    text = (top / path).read_text()
    commit = next(line for line in text.splitlines() if line.startswith("commit"))
    commit_files(top, {path: text.replace(commit, f'commit = "{"0" * 40}"')})
    done = promote(measured.handle, Reference.parse("m@1.1"), "production", dry_run=True)
    assert done.judgement.before is None
    assert "does not have its commit" in done.judgement.nothing_before
    gate(measured, "[gates.accuracy]\nmax_drop = 0.5\n")
    with pytest.raises(NotFound):
        promote(measured.handle, Reference.parse("m@1.1"), "production", dry_run=True)
