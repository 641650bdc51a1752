"""Two clones that gave one number to different versions: it is said, and one of them gets another number."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.maintenance.doctor import examine
from regolo_git.records.references import Reference
from regolo_git.registry.clashes import find_clashes
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.versions.renumber import renumber
from regolo_git.registry.versions.renumber_plan import plan_renumbering


@dataclass
class Clones:
    """Two clones of one host: `theirs` has pushed its 1.1, `ours` has not."""

    ours: Registry
    theirs: Registry

    @property
    def top(self) -> Path:
        return self.ours.handle.paths.top

    def fetch(self) -> None:
        """As git does it: the branch is fetched, and the tag is refused."""
        subprocess.run(["git", "fetch", "-q", "--tags"], cwd=self.top, check=False, capture_output=True)


def push(registry: Registry) -> None:
    git(registry.handle.paths.top, "push", "-q", "--atomic", "--follow-tags", "origin", "main")


@pytest.fixture
def clones(registry: Registry, tmp_path: Path) -> Iterator[Clones]:
    top = registry.handle.paths.top
    registry.register_model("m", b"one", metadata={"license": "mit"})
    host, store = tmp_path / "host.git", top / ".git/regolo/store"
    git(tmp_path, "clone", "-q", "--bare", str(top), str(host))
    opened = []
    for name in ("ours", "theirs"):
        git(tmp_path, "clone", "-q", str(host), name)
        git(tmp_path / name, "config", "regolo.store", str(store))
        opened.append(Registry.open(tmp_path / name))
    ours, theirs = opened
    theirs.create_model_version("m", model_data=b"theirs")
    ours.create_model_version("m", model_data=b"ours", message="better m@1.1")
    push(theirs)
    yield Clones(ours, theirs)
    ours.close()
    theirs.close()


def check_pushed(clones: Clones, versions: dict[str, bytes]) -> None:
    """Everything can be pushed, and a new clone has these versions, all merged."""
    push(clones.ours)
    clones.fetch()
    git(clones.top, "pull", "-q", "--rebase")
    top = clones.top.parent / "fresh"
    git(top.parent, "clone", "-q", str(top.parent / "host.git"), "fresh")
    git(top, "config", "regolo.store", clones.ours.handle.store_url)
    with Registry.open(top) as fresh:
        listed = fresh.list_model_versions("m")
        assert [version.version for version in listed] == list(versions)
        assert all(version.merged for version in listed)
        for version, data in versions.items():
            assert fresh.checkout_model_version("m", version, top / f"{version}.bin").read_bytes() == data
    assert find_clashes(clones.ours.handle) == []
    assert git(clones.top, "status", "--porcelain") == ""


def test_a_clash_is_known_once_the_branch_is_fetched(clones: Clones) -> None:
    assert find_clashes(clones.ours.handle) == []
    clones.fetch()
    for _ in range(2):  # the second time from the cache
        (clash,) = find_clashes(clones.ours.handle)
        assert clash.text.startswith("m@1.1 of origin/main has other bytes: sha256:")
        assert str(clash.hint) == "git regolo renumber m@1.1"
    (finding,) = [f for f in examine(clones.ours.handle, dry_run=True) if "origin/main" in f.what]
    assert finding.what == clash.text
    assert find_clashes(clones.theirs.handle) == []


def test_a_clash_further_back_is_found_too(clones: Clones) -> None:
    clones.theirs.create_model_version("m", model_data=b"later")
    push(clones.theirs)
    clones.fetch()
    assert [clash.reference for clash in find_clashes(clones.ours.handle)] == ["m@1.1"]
    assert clones.ours.renumber_model_version("m", "1.1").version == "1.3"
    check_pushed(clones, {"1.0": b"one", "1.1": b"theirs", "1.2": b"later", "1.3": b"ours"})


def test_no_clash_is_seen_in_what_was_pushed_or_rebased(clones: Clones) -> None:
    clones.theirs.register_model("other", b"other")
    push(clones.theirs)
    clones.theirs.create_model_version("other", model_data=b"more")
    assert find_clashes(clones.theirs.handle) == []


def test_the_version_gets_the_next_number_and_can_be_pushed(clones: Clones) -> None:
    clones.fetch()
    version = clones.ours.renumber_model_version("m", "1.1")
    assert (version.version, version.parents, version.message) == ("1.2", ("1.0",), "better m@1.2")
    assert version.metadata == {"license": "mit"}
    assert git(clones.top, "tag", "--list").split() == ["m@v1.0", "m@v1.2"]
    check_pushed(clones, {"1.0": b"one", "1.1": b"theirs", "1.2": b"ours"})


@pytest.mark.parametrize("keep", ["--ours", "--theirs"])
@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_it_does_so_after_any_merge_too(clones: Clones, how: str, keep: str) -> None:
    clones.fetch()
    subprocess.run(["git", how, "origin/main"], cwd=clones.top, check=False, capture_output=True)
    with pytest.raises(Conflict, match="in progress"):
        clones.ours.renumber_model_version("m", "1.1")
    git(clones.top, "checkout", "-q", keep, "models/m/manifest.toml")
    git(clones.top, "add", "models/m/manifest.toml")
    if how == "merge":
        git(clones.top, "commit", "-qm", "merged")
    else:
        git(clones.top, "-c", "core.editor=true", "rebase", "--skip" if keep == "--ours" else "--continue")
    assert [clash.reference for clash in find_clashes(clones.ours.handle)] == ["m@1.1"]
    assert clones.ours.renumber_model_version("m", "1.1").version == "1.2"
    check_pushed(clones, {"1.0": b"one", "1.1": b"theirs", "1.2": b"ours"})


def test_versions_that_follow_it_get_new_numbers_too(clones: Clones) -> None:
    clones.ours.create_model_version("m", model_data=b"next", parent="1.1")
    clones.fetch()
    clones.ours.renumber_model_version("m", "1.1")
    listed = {v.version: v.parents for v in clones.ours.list_model_versions("m")}
    assert listed == {"1.0": (), "1.3": ("1.0",), "1.4": ("1.3",)}
    check_pushed(clones, {"1.0": b"one", "1.1": b"theirs", "1.3": b"ours", "1.4": b"next"})


def test_environments_and_endpoints_follow(clones: Clones) -> None:
    clones.ours.promote_model_version("m", "1.1", "staging")
    clones.ours.create_endpoint("e", "m", "1.1")
    clones.ours.update_endpoint_traffic("e", {"1.0": 0.5, "1.1": 0.5})
    clones.fetch()
    with pytest.raises(Conflict, match="has other commits too") as caught:
        clones.ours.renumber_model_version("m", "1.1")
    assert str(caught.value.hint) == "git pull --rebase && git regolo renumber m@1.1"
    subprocess.run(["git", "merge", "-q", "-X", "ours", "origin/main"], cwd=clones.top, check=False)
    version = clones.ours.renumber_model_version("m", "1.1")
    assert clones.ours.get_model_version("m", "staging").version == version.version == "1.2"
    endpoint = clones.ours.get_endpoint("e")
    assert endpoint.traffic == {"1.0": 0.5, "1.2": 0.5}
    assert endpoint.versions["1.2"].commit == version.commit
    check_pushed(clones, {"1.0": b"one", "1.1": b"theirs", "1.2": b"ours"})


def test_a_killed_run_is_completed_by_the_same_command(clones: Clones) -> None:
    clones.fetch()
    old = git(clones.top, "rev-parse", "m@v1.1").strip()
    clones.ours.renumber_model_version("m", "1.1")
    git(clones.top, "update-ref", "refs/tags/m@v1.1", old)  # as if it had been killed before its last step
    head = git(clones.top, "rev-parse", "HEAD")
    assert clones.ours.renumber_model_version("m", "1.1").version == "1.2"
    assert git(clones.top, "rev-parse", "HEAD") == head
    assert git(clones.top, "tag", "--list").split() == ["m@v1.0", "m@v1.2"]


def test_a_published_version_keeps_its_number(clones: Clones) -> None:
    with pytest.raises(Conflict, match="was pushed"):
        clones.theirs.renumber_model_version("m", "1.1")
    with pytest.raises(InvalidInput, match="give the version"):
        clones.ours.renumber_model_version("m", "latest")
    clones.ours.create_model_version("m", model_data=b"tag only")
    git(clones.top, "push", "-q", "origin", "m@v1.2")  # the tag without the branch
    with pytest.raises(Conflict, match=r"tag 'm@v1\.2' was pushed to 'origin'"):
        clones.ours.renumber_model_version("m", "1.2")


def test_changed_files_stop_it_before_anything_changes(clones: Clones) -> None:
    clones.fetch()
    manifest = clones.top / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text() + "# mine\n")
    before = git(clones.top, "for-each-ref")
    with pytest.raises(Conflict):
        clones.ours.renumber_model_version("m", "1.1")
    assert git(clones.top, "for-each-ref") == before
    assert manifest.read_text().endswith("# mine\n")


@pytest.mark.parametrize(
    ("version", "renumbered"),
    [("1.1.1", "1.1.2"), ("2.0-rc.1", "2.0-rc.2"), ("prod-1.0", "prod-1.0.1"), ("2.0", "2.1")],
)
def test_the_new_number_is_of_the_same_kind(registry: Registry, version: str, renumbered: str) -> None:
    registry.register_model("m", b"one")
    registry.create_model_version("m", version, model_data=b"two")
    plan = plan_renumbering(registry.handle, Reference.select("m", version))
    assert [step.version for step in plan.steps] == [renumbered]
    assert [v.version for v in renumber(registry.handle, plan)] == [renumbered]


def test_a_version_on_a_line_is_renumbered_there(clones: Clones) -> None:
    change_setting(clones.ours.handle, "registry.lines", ["release/*"])
    git(clones.top, "switch", "-qc", "release/1.x")
    clones.ours.create_model_version("m", "1.0.1", model_data=b"fixed")
    assert clones.ours.renumber_model_version("m", "1.0.1").version == "1.0.2"
    assert "1.0.2" in git(clones.top, "show", "release/1.x:models/m/manifest.toml")
