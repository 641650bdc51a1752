"""`git regolo evaluate`: what was measured later counts everywhere, and every view says so."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.evaluations import Evaluations

PATH = "models/m/evaluations.toml"
ON = f"sha256:{'9' * 64}"


@pytest.fixture
def evaluated(regolo: Regolo, two_versions: Path) -> Path:
    done = regolo(
        "evaluate", "m@1.1", "--metric", f"accuracy=0.9,n=500,on={ON}", "--metric", "gap=0.05",
        "--label", "suite=holdout", "-m", "the holdout suite",
    )  # fmt: skip
    assert done.out == "m@1.1\n"
    return two_versions


def test_it_is_one_line_in_a_commit_and_the_manifest_stays(regolo: Regolo, evaluated: Path) -> None:
    (entry,) = Evaluations.parse((evaluated / PATH).read_bytes()).entries
    assert (entry.version, entry.who, entry.labels) == (
        "1.1",
        "Ada Byron <ada@example.com>",
        {"suite": "holdout"},
    )
    assert git(evaluated, "diff", "--name-only", "HEAD~1").split() == [PATH]
    message = git(evaluated, "log", "-1", "--format=%B")
    assert message.startswith("the holdout suite\n")
    assert "Regolo-Action: evaluate" in message
    assert "no problems found" in regolo("fsck").err


def test_every_view_says_that_it_was_measured_later(regolo: Regolo, evaluated: Path) -> None:
    shown = regolo("show", "m@1.1")
    assert "0.9 (n 500, on sha256:999999999999, measured later, " in shown.out
    document = regolo("show", "m@1.1", "--json").document
    assert isinstance(document, dict)
    assert document["metrics"] == {"accuracy": 0.9, "gap": 0.05, "ms": 165}
    assert document["measurements"]["accuracy"] == {"value": 0.9, "n": 500, "on": ON}
    assert document["evaluations"][0]["labels"] == {"suite": "holdout"}
    listed = regolo("list", "m", "--metric", "accuracy", "--metric", "ms")
    assert "0.9*" in listed.out
    assert "165*" not in listed.out
    assert "* measured after the version was created" in listed.lines[-1]
    newest, older = regolo("list", "m", "--metric", "accuracy", "--json").document
    assert (newest["metrics"], newest["measured_later"]) == ({"accuracy": 0.9}, ["accuracy"])
    assert older["measured_later"] == []
    assert "accuracy" in regolo("log", "m").out
    assert "(measured later)" in regolo("log", "m").out
    assert "measured later: accuracy, gap of 1.1" in regolo("diff", "m@1.0", "m@1.1").out
    compared = regolo("diff", "m@1.0", "m@1.1", "--json").document
    assert isinstance(compared, dict)
    assert compared["measured_later"] == {"a": [], "b": ["accuracy", "gap"]}
    assert (compared["metrics"]["accuracy"]["b"], compared["metrics"]["gap"]["verdict"]) == (0.9, "added")
    found = regolo("list", "m", "--where", "gap < 0.1", "--plain").lines
    assert [line.split("\t")[0] for line in found] == ["1.1"]


def test_gates_ask_for_what_was_measured_later(regolo: Regolo, two_versions: Path) -> None:
    card = two_versions / "models/m/model.toml"
    card.write_text(card.read_text() + "\n[gates.gap]\nmax = 0.04\nrequired = true\n")
    git(two_versions, "commit", "-qam", "a gate")
    assert "was not measured" in regolo("promote", "m@1.1", "staging", status=8).err
    regolo("evaluate", "m@1.1", "--metric", "gap=0.05")
    assert "0.05" in regolo("promote", "m@1.1", "staging", status=8).err
    regolo("evaluate", "m@1.1", "--metric", "gap=0.03")
    regolo("promote", "m@1.1", "staging")


def test_a_proposed_evaluation_counts_after_the_merge(regolo: Regolo, two_versions: Path) -> None:
    branches = []
    for value in ("0.03", "0.04"):
        done = regolo("evaluate", "m@1.1", "--metric", f"gap={value}", "--propose", "--json").document
        assert isinstance(done, dict)
        branches.append(done["branch"])
    assert all(branch.startswith("propose/evaluate/m@1.1+") for branch in branches)
    assert len(set(branches)) == 2
    with Registry.open(two_versions) as registry:
        assert "gap" not in registry.get_model_version("m", "1.1").metrics
        assert registry.get_model_version("m", rev=branches[0]).metrics["gap"] == 0.03
    git(two_versions, "merge", "-q", branches[0])
    with Registry.open(two_versions) as registry:
        assert registry.get_model_version("m", "1.1").metrics["gap"] == 0.03
    assert "m@1.1 measured later: gap" in regolo("review", f"main...{branches[1]}").out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["m@1.1"], 2),
        (["m@9.9", "--metric", "gap=1"], 3),
        (["m@1.1", "--metric", "gap=high"], 2),
        (["m@1.1", "--metric", "gap=1,predictions=no.jsonl"], 2),
        (["m@1.1", "--metric", "gap=1", "--label", "x"], 2),
        (["m@1.1", "--metric", "gap=1", "--propose", "--push"], 2),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_invalid_values_are_refused_and_nothing_is_committed(
    regolo: Regolo, two_versions: Path, arguments: list[str], status: int
) -> None:
    before = git(two_versions, "for-each-ref")
    regolo("evaluate", *arguments, status=status)
    assert git(two_versions, "for-each-ref") == before


def test_python_records_it_too(two_versions: Path) -> None:
    with Registry.open(two_versions) as registry:
        version = registry.evaluate_model_version("m", "1.0", metrics={"gap": {"value": 0.1, "n": 9}})
        assert (version.metrics["gap"], version.measurements["gap"].n) == (0.1, 9)
        assert "gap" not in version.metadata
        assert [entry.version for entry in version.evaluations] == ["1.0"]
        for wrong, error in (({}, InvalidInput), ([1], TypeError), ({"gap": "low"}, TypeError)):
            with pytest.raises(error):
                registry.evaluate_model_version("m", "1.0", metrics=wrong)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            registry.evaluate_model_version("m", "3.0", metrics={"gap": 1})


def test_a_new_number_takes_its_evaluations_along(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    git(two_versions, "clone", "-q", "--bare", ".", str(tmp_path / "host.git"))
    git(two_versions, "remote", "add", "origin", str(tmp_path / "host.git"))
    git(two_versions, "fetch", "-q")
    (two_versions / "model.safetensors").write_bytes(b"new")
    regolo("commit", "m", "model.safetensors")
    regolo("evaluate", "m@1.2", "--metric", "gap=0.1")
    with Registry.open(two_versions) as registry:
        moved = registry.renumber_model_version("m", "1.2")
        assert moved.version == "1.3"
        assert moved.metrics["gap"] == 0.1
        assert moved.manifest.seal is not None
    assert "no problems found" in regolo("fsck").err


def test_a_line_of_other_bytes_does_not_count(regolo: Regolo, evaluated: Path) -> None:
    text = (evaluated / PATH).read_text()
    (evaluated / PATH).write_text(text.replace('version = "1.1"', 'version = "1.0"'))
    git(evaluated, "commit", "-qam", "by hand")
    with Registry.open(evaluated) as registry:
        assert registry.get_model_version("m", "1.0").metrics == {"accuracy": 0.89, "ms": 150}
    assert "an evaluation of 1.0 is of sha256:" in regolo("fsck").err


def test_a_damaged_record_is_named(regolo: Regolo, evaluated: Path) -> None:
    (evaluated / PATH).write_text((evaluated / PATH).read_text().replace("gap = 0.05", 'gap = "low"'))
    git(evaluated, "commit", "-qam", "by hand")
    listed = regolo("list", "m", "--metric", "accuracy")
    assert (PATH in listed.err, "0.92" in listed.out) == (True, True)
    for command in (["evaluate", "m@1.1", "--metric", "x=1"], ["promote", "m@1.1", "staging"], ["fsck"]):
        done = regolo(*command, status=5)
        assert PATH in done.out + done.err
