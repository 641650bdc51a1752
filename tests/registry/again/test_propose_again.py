"""A proposal that waits is made again on the newest commit: the same bytes, the next free number."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.git_program import clone, git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound, RegoloError, RegoloNotice
from regolo_git.records.manifest import Lineage, Manifest
from regolo_git.records.seal import seal_problem
from regolo_git.registry.again.propose import ProposedAgain, propose_again
from regolo_git.registry.sync.push import push
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.waiting_proposals import waiting_proposals

PATH = "models/m/manifest.toml"
slow = pytest.mark.slow


class Clone:
    """A clone of the host, read as a new process does each time."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def git(self, *arguments: str) -> str:
        return git(self.top, *arguments).strip()

    def propose(self, data: bytes, model: str = "m", **values: Any) -> str:
        """Proposes a version; returns its branch."""
        with Registry.open(self.top) as opened:
            version = opened.create_model_version(model, model_data=data, flow="propose", **values)
        return self.git("branch", "--list", f"propose/{version.reference}+*", "--format=%(refname:short)")

    def commit(self, data: bytes, **values: Any) -> None:
        with Registry.open(self.top) as opened:
            opened.create_model_version("m", model_data=data, flow="direct", **values)

    def again(self, origin: str | None = None, model: str | None = "m", **options: Any) -> ProposedAgain:
        with Registry.open(self.top) as opened:
            return propose_again(opened.handle, model, origin, **options)

    def push(self) -> tuple[str, ...]:
        with Registry.open(self.top) as opened:
            return push(opened.handle).branches

    def waiting(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        with Registry.open(self.top) as opened:
            found = waiting_proposals(opened.handle, read_statuses(opened.handle))
        return [(each.versions, each.places) for each in found]

    def manifest(self, revision: str) -> dict[str, Any]:
        return tomllib.loads(self.git("show", f"{revision}:{PATH}"))

    def state(self) -> tuple[str, str]:
        return self.git("for-each-ref", "refs/heads", "refs/remotes", "refs/tags"), self.git("status", "-s")


@pytest.fixture
def ada(registry: Registry) -> Clone:
    """A registry with `m@1.0`."""
    registry.register_model("m", b"one", metrics={"f1": 0.5})
    return Clone(registry.handle.paths.top)


@pytest.fixture
def team(ada: Clone, tmp_path: Path) -> Iterator[tuple[Clone, Clone]]:
    """Two clones of a bare repository, with one store."""
    host = tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(ada.top), str(host))
    clones = [Clone(clone(host, tmp_path / name)) for name in ("ada", "bea")]
    for each in clones:
        each.git("config", "regolo.store", str(ada.top / ".git/regolo/store"))
    return clones[0], clones[1]


VALUES: dict[str, Any] = {
    "metrics": {"f1": {"value": 0.9, "n": 200}},
    "metadata": {"license": "mit", "deep": {"er": [1, 2]}},
    "description": "by Bea",
    "lineage": Lineage(parameters={"lr": 0.1}, data={"set": f"sha256:{'a' * 64}"}),
    "serving": {"format": "safetensors", "entry_point": "acme:load"},
}


def test_everything_but_number_parent_and_seal_stays(ada: Clone) -> None:
    branch = ada.propose(b"two", **VALUES)
    before, old = ada.manifest(branch), ada.git("rev-parse", branch)
    ada.commit(b"three")
    done = ada.again()
    assert (done.version.reference, done.before, done.replaced) == ("m@1.2", "m@1.1", old)
    assert (done.branch, done.version.status) == (branch, "proposed")
    now = ada.manifest(branch)
    assert {key: before[key] for key in before if key not in ("version", "seal")} == {
        key: now[key] for key in now if key not in ("version", "seal")
    }
    assert now["parents"] == ["1.0"]
    assert seal_problem(Manifest.parse(ada.git("show", f"{branch}:{PATH}") + "\n"), required=True) is None
    assert ada.git("rev-parse", f"{branch}~") == ada.git("rev-parse", "main")
    assert ada.git("log", "-1", "--format=%s", branch) == "add m@1.2"
    assert ada.git("rev-parse", f"{branch}@{{1}}") == old
    assert ada.waiting() == [(("m@1.2",), (branch,))]


@slow
def test_a_number_that_is_free_stays(ada: Clone) -> None:
    branch = ada.propose(b"two")
    ada.git("commit", "-q", "--allow-empty", "-m", "more")
    assert ada.again().version.reference == "m@1.1"
    assert ada.git("rev-parse", f"{branch}~") == ada.git("rev-parse", "main")


@slow
@pytest.mark.parametrize(
    ("proposed", "others", "expected"),
    [
        ("2.0", ["2.0"], "2.1"),
        ("1.0.1", ["1.1"], "1.1.1"),
        ("1.1", ["1.1", "3.4"], "3.5"),
        ("1.1", ["1.0.1"], "1.1"),
        ("2.0-rc.1", ["2.0-rc.1"], "2.0-rc.2"),
        ("1.1-rc.1", ["1.1"], "1.2-rc.1"),
        ("prod-1.0", ["2.0"], "prod-1.0"),
        ("prod-1.0", ["prod-1.0"], "prod-1.0.1"),
    ],
)
def test_the_next_number_is_of_the_same_kind(
    ada: Clone, proposed: str, others: list[str], expected: str
) -> None:
    ada.propose(b"two", version=proposed)
    for number, other in enumerate(others):
        ada.commit(b"%d" % number, version=other)
    assert ada.again().version.version == expected


@slow
def test_a_fix_below_the_newest_version_stays_below(ada: Clone) -> None:
    ada.commit(b"newer", version="3.0")
    ada.propose(b"two", version="1.0.1", parent="1.0")
    ada.commit(b"three", version="3.1")
    assert ada.again().version.version == "1.0.1"
    ada.commit(b"fix", version="1.0.1")
    assert ada.again().version.version == "1.0.2"


@slow
def test_a_new_number_steps_over_other_proposals_and_tools(ada: Clone) -> None:
    branch = ada.propose(b"two")
    ada.propose(b"other")
    ada.git("tag", "m@v1.3")
    ada.commit(b"three", version="1.1")
    done = ada.again(branch)
    assert done.version.version == "1.4"
    assert done.remarks == ("it was 1.1: 'main' has 1.1 now",)


@slow
def test_a_parent_that_is_merged_and_not_yet_tagged_stays(ada: Clone) -> None:
    branch = ada.propose(b"two")
    ada.git("switch", "-q", branch)
    with Registry.open(ada.top) as opened:
        opened.create_model_version("m", model_data=b"better", parent="1.1", metrics={"f1": 0.7})
    ada.git("switch", "-q", "main")
    assert ada.manifest(branch)["parents"] == ["1.1"]
    ada.commit(b"three", version="1.1")
    ada.git("tag", "-d", "m@v1.1")
    done = ada.again()
    assert done.version.version == "1.2"
    assert ada.manifest(branch)["parents"] == ["1.1"]


def test_two_versions_of_one_proposal_become_one(ada: Clone) -> None:
    branch = ada.propose(b"two")
    ada.git("switch", "-q", branch)
    with Registry.open(ada.top) as opened:
        opened.create_model_version("m", model_data=b"better", parent="1.1")
    ada.git("switch", "-q", "main")
    ada.git("commit", "-q", "--allow-empty", "-m", "more")
    done = ada.again()
    assert done.version.reference == "m@1.2"
    assert done.version.parents == ("1.0",)
    said = "its parent 1.1 has no tag: 1.0, the newest tagged version before it, is its parent now"
    assert done.remarks == (said,)
    assert ada.git("rev-list", "--count", f"main..{branch}") == "1"


def commit_on(ada: Clone, branch: str, path: str, text: str) -> None:
    """Commits a file to a branch by hand."""
    ada.git("switch", "-q", branch)
    (ada.top / path).parent.mkdir(parents=True, exist_ok=True)
    with (ada.top / path).open("a") as file:
        file.write(text)
    ada.git("add", "-f", path)
    ada.git("commit", "-qm", path)
    ada.git("switch", "-q", "main")


def test_records_of_the_model_and_ignored_files_come_along(ada: Clone) -> None:
    branch = ada.propose(b"two")
    commit_on(ada, branch, "models/m/model.toml", "\n[gates.f1]\nmin = 0.8\n")
    commit_on(ada, branch, ".gitignore", "/two.bin\n")
    commit_on(ada, "main", ".gitignore", "/other.bin\n")
    ada.commit(b"three")
    done = ada.again()
    assert done.kept == (".gitignore", "models/m/model.toml")
    assert "[gates.f1]" in ada.git("show", f"{branch}:models/m/model.toml")
    assert ada.git("show", f"{branch}:.gitignore").splitlines()[-2:] == ["/other.bin", "/two.bin"]


def test_what_was_said_later_comes_along_under_the_new_number(ada: Clone) -> None:
    branch = ada.propose(b"two")
    digest = ada.manifest(branch)["artifact"]["digest"]
    said = f'version = "1.1", digest = "{digest}", when = 2026-11-24T09:30:00Z, who = "Bo <b@example.com>"'
    label = f'{{ {said}, name = "approved", value = "yes" }}'
    measured = f"{{ {said}, metrics = {{ f1 = 0.9 }} }}"
    commit_on(ada, branch, "models/m/labels.toml", f"format = 1\nlabels = [\n    {label},\n]\n")
    commit_on(ada, branch, "models/m/evaluations.toml", f"format = 1\nevaluations = [\n    {measured},\n]\n")
    ada.commit(b"three")
    assert ada.again().kept == ("models/m/evaluations.toml", "models/m/labels.toml")
    with Registry.open(ada.top) as opened:
        again = opened.get_model_version("m", rev=branch)
    assert again.version == "1.2"
    assert again.labels == {"approved": "yes"}
    assert again.measured["f1"].measurement.value == 0.9


@slow
@pytest.mark.parametrize(
    ("path", "said"),
    [("train.py", "it changes other files, too, such as 'train.py'"), ("models/n/model.toml", "other files")],
)
def test_other_files_are_the_work_of_git(ada: Clone, path: str, said: str) -> None:
    branch = ada.propose(b"two")
    commit_on(ada, branch, path, "format = 1\n")
    ada.commit(b"three")
    before = ada.state()
    with pytest.raises(Conflict, match=said) as refused:
        ada.again()
    assert refused.value.hint == f"git rebase main {branch}"
    assert ada.state() == before


@slow
def test_a_record_that_both_changed_is_not_mixed(ada: Clone) -> None:
    branch = ada.propose(b"two")
    commit_on(ada, branch, "models/m/model.toml", "\n[gates.f1]\nmin = 0.8\n")
    commit_on(ada, "main", "models/m/model.toml", "\n[gates.f1]\nmin = 0.7\n")
    with pytest.raises(Conflict, match=r"'models/m/model.toml' was changed on 'main', too"):
        ada.again()


def test_a_mixed_manifest_is_refused(ada: Clone) -> None:
    branch = ada.propose(b"two", metrics={"f1": 0.6})
    ada.git("switch", "-q", branch)
    (ada.top / PATH).write_text((ada.top / PATH).read_text().replace("0.6", "0.9"))
    ada.git("commit", "-qam", "better")
    ada.git("switch", "-q", "main")
    ada.commit(b"three")
    with pytest.raises(IntegrityError, match="seal"):
        ada.again()


@slow
def test_of_several_proposals_one_is_chosen(ada: Clone) -> None:
    first, second = ada.propose(b"two"), ada.propose(b"three")
    ada.commit(b"four", version="1.1")
    with pytest.raises(InvalidInput, match="several proposals wait") as refused:
        ada.again()
    assert str(refused.value.hint).endswith(f"--propose --again --from {first}")
    for origin in ("1.2", "m@1.2", second):
        assert ada.again(origin, message=f"by {origin}").branch == second
        ada.git("commit", "-q", "--allow-empty", "-m", "more")
    assert ada.again(first, None).version.version == "1.3"


@slow
def test_without_a_proposal_nothing_is_made(ada: Clone) -> None:
    with pytest.raises(NotFound, match="no proposal of 'm' waits"):
        ada.again()
    ada.propose(b"two")
    for origin in ("7.0", "main", "nowhere"):
        with pytest.raises(NotFound):
            ada.again(origin)


@slow
def test_a_branch_of_any_name_is_a_proposal(ada: Clone) -> None:
    ada.git("switch", "-qc", "topic")
    with Registry.open(ada.top) as opened:
        opened.create_model_version("m", model_data=b"two")
    ada.git("switch", "-q", "main")
    ada.commit(b"three", version="1.1")
    assert ada.again("topic").version.reference == "m@1.2"
    assert ada.git("rev-parse", "topic~") == ada.git("rev-parse", "main")


@slow
def test_again_on_the_same_commit_changes_nothing(ada: Clone) -> None:
    ada.propose(b"two")
    before = ada.state()
    with pytest.raises(Conflict, match="already proposed at the newest commit of 'main'"):
        ada.again()
    assert ada.state() == before


def test_a_work_tree_on_the_branch_follows(ada: Clone) -> None:
    branch = ada.propose(b"two")
    ada.commit(b"three")
    ada.git("switch", "-q", branch)
    (ada.top / "notes.txt").write_text("mine")
    assert ada.again().version.version == "1.2"
    assert ada.git("status", "-s") == "?? notes.txt"
    assert 'version = "1.2"' in (ada.top / PATH).read_text()


@slow
def test_a_changed_file_there_is_not_overwritten(ada: Clone) -> None:
    branch = ada.propose(b"two")
    ada.commit(b"three")
    ada.git("worktree", "add", "-q", str(ada.top / "linked"), branch)
    manifest = ada.top / "linked" / PATH
    manifest.write_text(manifest.read_text() + "\n")
    before = ada.state()
    with pytest.raises(Conflict, match="uncommitted changes"):
        ada.again()
    assert ada.state() == before


@slow
def test_a_release_line_is_the_target_of_its_proposals(ada: Clone) -> None:
    config = ada.top / ".regolo/config.toml"
    config.write_text(config.read_text().replace("[registry]", '[registry]\nlines = ["release/*"]', 1))
    ada.git("commit", "-qam", "lines")
    ada.git("switch", "-qc", "release/1")
    ada.git("commit", "-q", "--allow-empty", "-m", "line")
    branch = ada.propose(b"fix", version="1.0.1")
    ada.git("commit", "-q", "--allow-empty", "-m", "more")
    ada.git("switch", "-q", "main")
    assert ada.again().target == "release/1"
    assert ada.git("rev-parse", f"{branch}~") == ada.git("rev-parse", "release/1")


# -- with a remote ----------------------------------------------------------------------------------------


def overtaken(team: tuple[Clone, Clone]) -> str:
    """Bea's pushed proposal is overtaken by a version of Ada's, and Bea has fetched."""
    ada, bea = team
    branch = bea.propose(b"two")
    bea.push()
    ada.commit(b"three")
    ada.push()
    ada.git("fetch", "-q")
    bea.git("fetch", "-q")
    return branch


def test_a_push_replaces_what_was_seen_there(team: tuple[Clone, Clone]) -> None:
    _, bea = team
    branch = overtaken(team)
    done = bea.again(push=True)
    assert (done.version.reference, done.pushed_to) == ("m@1.2", "origin")
    assert bea.git("ls-remote", "origin", branch).split()[0] == bea.git("rev-parse", branch)
    assert bea.waiting() == [(("m@1.2",), (branch, f"origin/{branch}"))]


@slow
def test_without_a_push_the_remote_follows_later(team: tuple[Clone, Clone]) -> None:
    _, bea = team
    branch = overtaken(team)
    theirs = bea.git("rev-parse", f"origin/{branch}")
    done = bea.again()
    assert (done.there, done.pushed_to) == (theirs, None)
    assert bea.waiting() == [(("m@1.2",), (branch,))]
    assert branch in bea.push()
    assert bea.git("rev-parse", f"origin/{branch}") == done.version.commit


@slow
def test_a_push_never_replaces_other_bytes(team: tuple[Clone, Clone]) -> None:
    _, bea = team
    branch = overtaken(team)
    bea.git("branch", "-f", branch, "origin/main")
    theirs = bea.git("ls-remote", "origin", branch)
    assert branch not in bea.push()
    assert bea.git("ls-remote", "origin", branch) == theirs


@slow
def test_a_colleague_may_make_it_again(team: tuple[Clone, Clone]) -> None:
    ada, bea = team
    branch = overtaken(team)
    ada.again(push=True)
    bea.git("fetch", "-q")
    assert bea.waiting() == [(("m@1.2",), (f"origin/{branch}",))]
    ada.commit(b"four")
    ada.push()
    bea.git("fetch", "-q")
    assert bea.again(push=True).version.reference == "m@1.3"


def forget(*clones: Clone) -> None:
    """Has clones without reflogs, as bare ones and those of some CI services are."""
    for each in clones:
        each.git("config", "core.logAllRefUpdates", "false")
        shutil.rmtree(each.top / ".git/logs", ignore_errors=True)


def test_without_reflogs_the_proposal_that_was_made_again_is_known_by_what_it_says(
    team: tuple[Clone, Clone],
) -> None:
    ada, bea = team
    branch = bea.propose(b"two", metadata={"note": "kept"})
    bea.push()
    forget(ada, bea)
    ada.commit(b"three")
    ada.push()
    ada.git("fetch", "-q")
    ada.again(push=True)
    bea.git("fetch", "-q")
    assert bea.waiting() == [(("m@1.2",), (f"origin/{branch}",))]
    assert branch not in bea.push()
    with pytest.warns(RegoloNotice, match=f"'origin' had it already: branch '.*{branch[-8:]}' here follows"):
        done = bea.again()
    assert (done.version.reference, done.before, done.pushed_to) == ("m@1.2", "m@1.1", "origin")
    assert bea.waiting() == [(("m@1.2",), (branch, f"origin/{branch}"))]
    with pytest.raises(Conflict, match="already proposed"):
        bea.again()
    ada.commit(b"four")
    ada.push()
    bea.git("fetch", "-q")
    assert bea.again().version.reference == "m@1.3"
    assert bea.waiting() == [(("m@1.3",), (branch,))]
    assert branch in bea.push()
    assert bea.waiting() == [(("m@1.3",), (branch, f"origin/{branch}"))]


@slow
def test_without_reflogs_an_edit_of_the_proposal_is_not_given_up(team: tuple[Clone, Clone]) -> None:
    ada, bea = team
    branch = overtaken(team)
    bea.git("switch", "-q", branch)
    card = bea.top / "models/m/model.toml"
    card.write_text(card.read_text() + "\n# mine\n")
    bea.git("commit", "-q", "-a", "-m", "edited")
    bea.git("switch", "-q", "main")
    forget(ada, bea)
    ada.again(push=True)
    bea.git("fetch", "-q")
    assert {places for _, places in bea.waiting()} == {(branch,), (f"origin/{branch}",)}
    with pytest.raises(Conflict, match="have gone different ways"):
        bea.again()
    assert branch not in bea.push()


@slow
def test_what_was_measured_later_is_the_same_under_another_number(team: tuple[Clone, Clone]) -> None:
    ada, bea = team
    branch = bea.propose(b"two")
    bea.git("switch", "-q", branch)
    evaluation = (
        "format = 1\nevaluations = [\n"
        f'    {{ version = "1.1", digest = "{bea.manifest(branch)["artifact"]["digest"]}",'
        ' when = 2026-01-01T00:00:00Z, who = "Bea", metrics = { f1 = 0.5 } },\n]\n'
    )
    (bea.top / "models/m/evaluations.toml").write_text(evaluation)
    bea.git("add", "models")
    bea.git("commit", "-q", "-m", "measured")
    bea.git("switch", "-q", "main")
    bea.push()
    ada.commit(b"three")
    ada.push()
    ada.git("fetch", "-q")
    forget(ada, bea)
    assert ada.again(push=True).version.reference == "m@1.2"
    bea.git("fetch", "-q")
    assert bea.waiting() == [(("m@1.2",), (f"origin/{branch}",))]


def test_a_lease_refuses_what_nobody_here_has_seen(team: tuple[Clone, Clone]) -> None:
    ada, bea = team
    branch = overtaken(team)
    ada.again(message="by Ada", push=True)
    before = bea.git("for-each-ref", "refs/heads/propose", "refs/tags")
    with pytest.raises(
        Conflict, match="was moved or deleted by somebody else; nothing was changed"
    ) as refused:
        bea.again(push=True)
    assert refused.value.hint == "git fetch --prune origin"
    assert bea.git("for-each-ref", "refs/heads/propose", "refs/tags") == before
    bea.git("fetch", "-q", "--prune")
    theirs = bea.git("rev-parse", f"origin/{branch}")
    assert bea.again(push=True).version.commit == theirs
    assert bea.git("rev-parse", branch) == theirs == bea.git("ls-remote", "origin", branch).split()[0]


@slow
def test_two_that_made_it_again_at_once_have_one_proposal(team: tuple[Clone, Clone]) -> None:
    ada, bea = team
    branch = overtaken(team)
    bea.again(message="mine")
    ada.again(push=True)
    bea.git("fetch", "-q")
    assert bea.waiting() == [(("m@1.2",), (branch, f"origin/{branch}"))]
    ada.commit(b"four")
    ada.push()
    bea.git("fetch", "-q")
    assert bea.again(push=True).version.reference == "m@1.3"


@slow
def test_what_went_different_ways_is_for_people(team: tuple[Clone, Clone]) -> None:
    ada, bea = team
    branch = overtaken(team)
    commit_on(bea, branch, "models/m/model.toml", "\n[gates.f1]\nmin = 0.8\n")
    ada.again(push=True)
    bea.git("fetch", "-q")
    bea.git("reflog", "expire", "--expire=now", "--all")
    with pytest.raises(Conflict, match="have gone different ways"):
        bea.again()


@slow
def test_a_refused_push_leaves_everything_as_it_was(team: tuple[Clone, Clone], tmp_path: Path) -> None:
    _, bea = team
    overtaken(team)
    hook = tmp_path / "host.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    bea.git("merge", "-q", "--ff-only", "origin/main")
    before = bea.state()
    with pytest.raises(RegoloError, match="nothing was changed in this clone"):
        bea.again(push=True)
    assert bea.state() == before


@slow
def test_commits_of_the_user_are_not_pushed_along(team: tuple[Clone, Clone]) -> None:
    _, bea = team
    overtaken(team)
    bea.git("merge", "-q", "--ff-only", "origin/main")
    bea.git("commit", "-q", "--allow-empty", "-m", "mine")
    before = bea.state()
    with pytest.raises(Conflict, match="'origin' lacks"):
        bea.again(push=True)
    assert bea.state() == before
