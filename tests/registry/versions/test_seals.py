"""A manifest that was mixed or edited is found, and sealed again only after somebody looked at it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.git_program import git
from support.tagged_by_hand import tag_by_hand

from regolo_git.api import Registry
from regolo_git.errors import Conflict, IntegrityError
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.seal import seal_problem
from regolo_git.registry.versions.merged import tag_merged
from regolo_git.registry.versions.seal_again import plan_seal, seal

PATH = manifest_path("m")


def as_of_old(text: str) -> str:
    """A manifest as release 0.1 wrote it."""
    return re.sub(r'(?m)^seal = ".*"\n', "", text).replace("[metrics]\n", "[metadata]\n")


def commit_edited(top: Path, edit: Callable[[str], str]) -> None:
    (top / PATH).write_text(edit((top / PATH).read_text()))
    git(top, "commit", "-qam", "edited")


def propose_twice(registry: Registry) -> Path:
    top = registry.handle.paths.top
    for branch, data, f1 in (("one", b"one", 0.7), ("two", b"two", 0.9)):
        git(top, "switch", "-qc", branch, "main")
        registry.create_model_version("m", model_data=data, metrics={"f1": f1})
    return top


def merge_mixed(top: Path, branch: str) -> None:
    """Merges as a web editor allows: the bytes of one proposal, the metrics of the other."""
    git(top, "merge", "--no-ff", branch, check=False)
    (top / PATH).write_text(git(top, "show", f"one:{PATH}").replace("f1 = 0.7", "f1 = 0.9"))
    git(top, "commit", "-qam", "merged")


@pytest.fixture
def mixed(two_versions: Registry) -> Path:
    """Two proposals of 1.2, joined before they reached the registry branch."""
    top = propose_twice(two_versions)
    merge_mixed(top, "one")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "two")
    return top


def test_a_manifest_that_was_mixed_with_a_tagged_one_is_found(two_versions: Registry) -> None:
    top = propose_twice(two_versions)
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "one")
    with Registry.open(top) as registry:
        assert [done.problem for done in tag_merged(registry.handle)] == [None]
    merge_mixed(top, "two")
    with Registry.open(top) as registry:
        (refused,) = tag_merged(registry.handle)
        assert (refused.tag, "mixed in a merge" in str(refused.problem)) == ("m@v1.2", True)
        (problem,) = check_registry(registry.handle).problems
        assert (problem.subject, str(problem.hint)) == (f"'{PATH}'", "git regolo commit m PATH")


def test_a_mixed_manifest_gets_no_tag_until_it_is_sealed(mixed: Path) -> None:
    with Registry.open(mixed) as registry:
        found = {done.problem for done in tag_merged(registry.handle, dry_run=True)}
        assert "mixed in a merge" in str(found)
        (problem,) = check_registry(registry.handle).problems
        assert "mixed in a merge" in problem.what
        plan = plan_seal(registry.handle, "m")
        assert {("version", '"1.1"', '"1.2"'), ("metrics.f1", None, "0.9")} <= set(plan.changes)
        assert seal(registry.handle, plan) is not None
    with Registry.open(mixed) as registry:
        assert [(done.tag, done.problem) for done in tag_merged(registry.handle)] == [("m@v1.2", None)]
        assert registry.get_model_version("m", "1.2").metrics == {"f1": 0.9}
        assert check_registry(registry.handle).problems == ()


def test_an_edited_metric_is_found_and_an_edited_description_is_not(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    commit_edited(top, lambda text: text.replace("accuracy = 0.92", "accuracy = 0.99"))
    with Registry.open(top) as registry:
        (problem,) = check_registry(registry.handle).problems
        assert (problem.subject, str(problem.hint)) == (f"'{PATH}'", "git regolo commit m PATH")
        # Version 1.1 is tagged: its numbers stay as they are.
        with pytest.raises(Conflict, match="tagged"):
            plan_seal(registry.handle, "m")
    commit_edited(top, lambda text: text.replace("accuracy = 0.99", "accuracy = 0.92"))
    commit_edited(top, lambda text: text.replace("parents", 'description = "new"\nparents', 1))
    with Registry.open(top) as registry:
        assert check_registry(registry.handle).problems == ()
        assert plan_seal(registry.handle, "m").problem is None


def test_an_edited_file_is_sealed_in_the_work_tree(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    text = (top / PATH).read_text().replace('"1.1"', '"1.2"').replace("accuracy = 0.92", "accuracy = 0.5")
    (top / PATH).write_text(text)
    plan = plan_seal(two_versions.handle, "m")
    assert (plan.file, plan.since) == (top / PATH, "1.1")
    assert [change.key for change in plan.changes] == ["version", "metrics.accuracy"]
    assert seal(two_versions.handle, plan) is None
    manifest = Manifest.parse((top / PATH).read_bytes())
    assert (seal_problem(manifest, required=True), manifest.metric_values) == (None, {"accuracy": 0.5})
    with pytest.raises(Conflict, match="in the meantime"):
        seal(two_versions.handle, plan)


def test_an_unsealed_manifest_is_refused_once_the_model_has_sealed_versions(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    commit_edited(top, lambda text: as_of_old(text).replace('"1.1"', '"1.2"', 1))
    with Registry.open(top) as registry:
        (refused,) = tag_merged(registry.handle)
        assert "not sealed" in str(refused.problem)
        assert seal(registry.handle, plan_seal(registry.handle, "m")) is not None
    with Registry.open(top) as registry:
        assert [done.problem for done in tag_merged(registry.handle)] == [None]
        assert registry.get_model_version("m", "1.2").metrics == {"accuracy": 0.92}


def test_versions_of_the_first_release_stay_as_they_are(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    git(top, "tag", "-d", "m@v1.0", "m@v1.1")
    tag_by_hand(top, "m", "1.2", as_of_old)
    with Registry.open(top) as registry:
        assert registry.get_model_version("m", "1.2").metrics == {"accuracy": 0.92}
        made = registry.create_model_version("m", model_data=b"new", metadata={"f1": 0.7})
        assert made.manifest.seal is not None
        assert (
            registry.compare_model_versions("m", "1.2", "1.3").metrics["accuracy"]["verdict"]
            == "not measured"
        )
        registry.rollback_model("m", "1.2")
        assert plan_seal(registry.handle, "m").problem is None
    with Registry.open(top) as registry:
        assert registry.get_model_version("m", "1.2").current
        assert registry.create_model_version("m", model_data=b"newer").manifest.seal is not None
        assert check_registry(registry.handle).problems == ()


def test_a_tagged_version_whose_seal_is_wrong_is_read_and_not_used(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    tag_by_hand(top, "m", "1.2", lambda text: text)
    wrong = (top / PATH).read_text().replace("accuracy = 0.92", "accuracy = 1.0")
    git(top, "tag", "-d", "m@v1.2")
    tag_by_hand(top, "m", "1.2", lambda _: wrong.replace('seal = "', 'seal  = "'))
    with Registry.open(top) as registry:
        assert registry.get_model_version("m", "1.2").metrics == {"accuracy": 1.0}
        for use in (
            lambda: registry.promote_model_version("m", "1.2", "staging"),
            lambda: registry.create_endpoint("e", "m", "1.2"),
            lambda: registry.create_model_version("m", model_data=registry.get_model_version("m", "1.2")),
        ):
            with pytest.raises(IntegrityError, match="mixed"):
                use()
        (problem,) = check_registry(registry.handle).problems
        assert (problem.subject, "mixed" in problem.what) == ("tag m@v1.2", True)


def test_a_version_made_without_a_seal_after_sealed_ones_is_found(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    tag_by_hand(top, "m", "1.2", lambda text: as_of_old(text).replace('"1.0"]', '"1.1"]'))
    with Registry.open(top) as registry:
        (problem,) = check_registry(registry.handle).problems
        assert (problem.subject, "not sealed" in problem.what) == ("tag m@v1.2", True)
