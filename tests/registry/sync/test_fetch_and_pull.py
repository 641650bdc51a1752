"""Fetching and pulling: what came is there, what was edited or has the same name stays."""

import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.clones import Team, pushed, status
from support.git_program import git
from support.program import run_program

from regolo_git.api import Registry
from regolo_git.errors import Conflict, NotFound, RegoloError
from regolo_git.registry.sync.fetch import Fetched, fetch
from regolo_git.registry.sync.pull import Pulled, pull
from regolo_git.registry.sync.push import push


def fetched(registry: Registry) -> Fetched:
    with Registry.open(registry.handle.paths.top) as opened:
        return fetch(opened.handle)


def pulled(registry: Registry) -> Pulled:
    with Registry.open(registry.handle.paths.top) as opened:
        return pull(opened.handle)


def top(registry: Registry) -> Path:
    return registry.handle.paths.top


def test_versions_come_with_their_branch(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"two")
    pushed(theirs)
    assert fetched(ours).versions == ("m@1.1",)
    assert git(top(ours), "rev-parse", "origin/main", "m@v1.1") == git(
        top(theirs), "rev-parse", "main", "m@v1.1"
    )
    assert fetched(ours).versions == ()


def test_a_tag_of_another_version_stays_and_is_named(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    before = git(top(ours), "rev-parse", "m@v1.1")
    (differing,) = fetched(ours).differing
    assert (differing.name, str(differing.hint)) == ("m@v1.1", "git regolo renumber m@1.1")
    assert git(top(ours), "rev-parse", "m@v1.1") == before


def test_notes_of_both_are_joined(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    for clone, line in ((theirs, '{"by": "theirs"}'), (ours, '{"by": "ours"}')):
        git(top(clone), "notes", "--ref", "regolo-metrics", "add", "-m", line, "m@v1.0^{}")
        pushed(clone)
    assert fetched(theirs).notes == ("refs/notes/regolo-metrics",)
    for clone in (theirs, ours):
        shown = git(top(clone), "notes", "--ref", "regolo-metrics", "show", "m@v1.0^{}")
        assert sorted(shown.split("\n")) == ["", '{"by": "ours"}', '{"by": "theirs"}']


@pytest.fixture
def with_file(team: Team) -> Team:
    """`f@1.0` and `f@1.1` at `f.bin`; `ours` has the first one checked out."""
    theirs = team.clone("theirs")
    place = top(theirs) / "f.bin"
    place.write_bytes(b"first")
    theirs.register_model("f", place)
    pushed(theirs)
    ours = team.clone("ours")
    ours.checkout_model_version("f", "1.0")
    place.write_bytes(b"second")
    theirs.create_model_version("f", model_data=place)
    pushed(theirs)
    return team


def test_files_that_nobody_edited_follow(with_file: Team) -> None:
    ours = with_file.clone("ours")
    done = pulled(ours)
    assert ([item.version for item in done.files.checked_out], done.kept) == (["1.1"], ())
    assert (top(ours) / "f.bin").read_bytes() == b"second"
    assert status(ours) == "## main...origin/main"


def test_files_of_a_clone_that_was_moved_follow(with_file: Team, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(top(with_file.clone("ours")), moved, symlinks=True)
    (moved / "other.bin").write_bytes(b"untracked")
    with Registry.open(moved) as again:
        done = pull(again.handle)
    assert ([item.version for item in done.files.checked_out], done.files.failed) == (["1.1"], ())
    assert (moved / "f.bin").read_bytes() == b"second"


def test_files_that_could_not_come_come_with_the_next_pull(with_file: Team) -> None:
    ours, store = with_file.clone("ours"), with_file.store
    assert store is not None
    (store / "chunks").rename(store / "away")
    (error,) = pulled(ours).files.failed
    assert isinstance(error, NotFound)
    assert (top(ours) / "f.bin").read_bytes() == b"first"
    (store / "away").rename(store / "chunks")
    assert [item.version for item in pulled(ours).files.checked_out] == ["1.1"]
    assert (top(ours) / "f.bin").read_bytes() == b"second"
    again = pulled(ours)
    assert (again.files.checked_out, again.files.failed, again.kept) == ((), (), ())


def test_a_pull_that_reached_nobody_forgets_what_the_files_were(with_file: Team) -> None:
    ours = with_file.clone("ours")
    pulled(ours)
    away = with_file.host.with_name("away")
    with_file.host.rename(away)
    with pytest.raises(RegoloError):
        pulled(ours)
    away.rename(with_file.host)
    (top(ours) / "f.bin").write_bytes(b"third")
    ours.create_model_version("f", model_data=top(ours) / "f.bin")
    ours.checkout_model_version("f", "1.1")
    assert pulled(ours).files.checked_out == ()
    assert (top(ours) / "f.bin").read_bytes() == b"second"


def test_edited_files_stay(with_file: Team) -> None:
    ours = with_file.clone("ours")
    (top(ours) / "f.bin").write_bytes(b"edited")
    done = pulled(ours)
    assert ([manifest.reference for manifest in done.kept], done.files.checked_out) == (["f@1.1"], ())
    assert (top(ours) / "f.bin").read_bytes() == b"edited"


def test_files_that_are_not_there_stay_away(with_file: Team) -> None:
    ours = with_file.clone("ours")
    (top(ours) / "f.bin").unlink()
    assert [manifest.reference for manifest in pulled(ours).kept] == ["f@1.1"]
    assert not (top(ours) / "f.bin").exists()


@pytest.mark.slow
def test_versions_that_a_killed_pull_renumbered_are_pushed_once(
    team: Team, killing: Callable[[str], str]
) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    assert run_program(top(ours), "pull", PATH=killing("read-tree")).returncode == -signal.SIGKILL
    assert [version.reference for version in pushed(ours).versions] == ["m@1.2"]
    assert status(ours) == "## main...origin/main"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["pull", "push"])
def test_a_pull_killed_between_files_and_branch_goes_on(
    team: Team, killing: Callable[[str], str], command: str
) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"two")
    pushed(theirs)
    assert run_program(top(ours), "pull", PATH=killing("read-tree")).returncode == -signal.SIGKILL
    assert status(ours).endswith("\nM  models/m/manifest.toml")
    theirs.create_model_version("m", model_data=b"three")
    pushed(theirs)
    with Registry.open(top(ours)) as again:
        push(again.handle) if command == "push" else pull(again.handle)
    pulled(ours)
    assert status(ours) == "## main...origin/main"
    assert git(top(ours), "rev-parse", "main") == git(team.host, "rev-parse", "main")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["pull", "push"])
@pytest.mark.parametrize("meanwhile", ["nothing", "another version"])
@pytest.mark.parametrize("index", ["written", "not written"])
def test_a_commit_after_a_killed_pull_keeps_nothing_from_coming(
    team: Team, killing: Callable[[str], str], command: str, meanwhile: str, index: str
) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"two")
    pushed(theirs)
    assert run_program(top(ours), "pull", PATH=killing("read-tree")).returncode == -signal.SIGKILL
    if index == "not written":  # git was killed, too
        git(top(ours), "read-tree", "HEAD")
    with Registry.open(top(ours)) as again:
        again.register_model("n", b"n")
    if meanwhile == "another version":
        theirs.create_model_version("m", model_data=b"three")
        pushed(theirs)
    (top(ours) / "staged").write_text("mine")
    git(top(ours), "add", "staged")
    with Registry.open(top(ours)) as again:
        push(again.handle) if command == "push" else pull(again.handle)
    assert pulled(ours).branches == ()
    pushed(ours)
    assert status(ours) == "## main...origin/main\nA  staged"
    assert git(top(ours), "rev-parse", "main") == git(team.host, "rev-parse", "main")


@pytest.mark.parametrize("command", ["pull", "push"])
def test_files_that_are_what_comes_are_not_in_the_way(team: Team, command: str) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"two")
    theirs.register_model("n", b"n")
    pushed(theirs)
    if command == "push":
        ours.label_model_version("m", "1.0", {"of": "ours"})
    for path in ("models/m/manifest.toml", "models/n/manifest.toml"):  # as git leaves them, killed in between
        (top(ours) / path).parent.mkdir(exist_ok=True)
        shutil.copy(top(theirs) / path, top(ours) / path)
    with Registry.open(top(ours)) as again:
        push(again.handle) if command == "push" else pull(again.handle)
    assert status(ours) == "## main...origin/main"


def test_an_edit_of_a_record_that_comes_stays(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"two")
    pushed(theirs)
    manifest = top(ours) / "models/m/manifest.toml"
    shutil.copy(top(theirs) / "models/m/manifest.toml", manifest)
    manifest.write_text(manifest.read_text() + "# mine\n")
    with pytest.raises(Conflict, match="uncommitted changes"):
        pulled(ours)
    assert status(ours) == "## main...origin/main [behind 1]\n M models/m/manifest.toml"
    assert manifest.read_text().endswith("# mine\n")


def test_an_index_that_another_program_holds_is_waited_for(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"two")
    pushed(theirs)
    lock = top(ours) / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(Conflict, match=r"another git command holds '.*index\.lock'"):
        pulled(ours)
    release = threading.Timer(0.3, lock.unlink)
    release.start()
    assert pulled(ours).branches == ("main",)
    release.join()


def test_versions_of_this_clone_come_after_what_was_pulled(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    done = pulled(ours)
    assert [(each.before, each.version) for each in done.renumbered] == [("1.1", "1.2")]
    assert done.fetched.differing == ()
    assert status(ours) == "## main...origin/main [ahead 1]"
    assert git(top(ours), "tag", "-l").split() == ["m@v1.0", "m@v1.1", "m@v1.2"]
    assert [each.reference for each in pushed(ours).versions] == ["m@1.2"]


def commit_by_hand(registry: Registry) -> None:
    (top(registry) / "README").write_text("mine")
    git(top(registry), "add", "README")
    git(top(registry), "commit", "-qm", "say what it is")


def test_commits_of_the_user_are_left_to_git(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    commit_by_hand(ours)
    with pytest.raises(Conflict, match="is not a commit of regolo-git") as caught:
        pulled(ours)
    assert str(caught.value.hint) == "git pull --rebase && git regolo push"
    git(top(ours), "config", "pull.rebase", "true")
    pulled(ours)
    assert status(ours) == "## main...origin/main [ahead 1]"
    assert git(top(ours), "log", "--format=%s", "-2").split("\n")[0] == "say what it is"


def test_a_branch_that_is_not_checked_out_goes_on_too(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    git(top(ours), "switch", "-qc", "topic")
    assert pulled(ours).branches == ("main",)
    assert git(top(ours), "rev-parse", "main") == git(top(theirs), "rev-parse", "main")
