"""The bytes of versions in the shared store: there before any name is pushed, and sent once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.clones import Team
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import NotFound, PolicyRefused, TransportError
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.sync.pull import pull
from regolo_git.registry.sync.push import PushResult, push
from regolo_git.registry.sync.sent_note import SentNote


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "shared"


@pytest.fixture
def apart(registry: Registry, tmp_path: Path, shared: Path) -> Iterator[Team]:
    """A host with a shared store, and clones with stores of their own."""
    top = registry.handle.paths.top
    registry.register_model("m", b"one")
    change_setting(registry.handle, "store.url", str(shared))
    stores = registry.handle.shared_stores
    address = stores.address()
    assert address is not None
    stores.create_directory(address)
    git(tmp_path, "clone", "-q", "--bare", str(top), "host.git")
    git(top, "remote", "add", "origin", str(tmp_path / "host.git"))
    with ExitStack() as stack:
        team = Team(tmp_path / "host.git", None, stack)
        team.opened["first"] = registry
        yield team


def pushed(registry: Registry, *, yes: bool = True) -> PushResult:
    with Registry.open(registry.handle.paths.top) as opened:
        opened.handle.may_use_store = lambda _: yes
        return push(opened.handle)


def files(shared: Path, kind: str) -> set[str]:
    return {str(path.relative_to(shared)) for path in (shared / kind).rglob("*") if path.is_file()}


def test_versions_that_were_pushed_before_the_store_follow(apart: Team, shared: Path) -> None:
    done = pushed(apart.opened["first"])
    assert (done.versions, done.content.artifacts, done.content.size) == ((), 1, 3)
    assert len(files(shared, "recipes")) > 0
    assert pushed(apart.opened["first"]).content.artifacts == 0


def test_a_clone_gets_the_bytes_and_sends_its_own(apart: Team, shared: Path) -> None:
    first, ours = apart.opened["first"], apart.clone("ours")
    pushed(first)
    assert ours.handle.store.recipe_names() == set()
    ours.create_model_version("m", model_data=b"two")
    done = pushed(ours)
    assert ([each.reference for each in done.versions], done.content.artifacts) == (["m@1.1"], 1)
    with Registry.open(first.handle.paths.top) as again:
        again.handle.may_use_store = lambda _: True
        pull(again.handle)
        assert again.checkout_model_version("m", "1.1", shared.parent / "out").read_bytes() == b"two"


def test_a_push_of_nothing_new_leaves_the_store_alone(apart: Team, shared: Path) -> None:
    first = apart.opened["first"]
    pushed(first)
    shared.rename(shared.with_name("away"))
    assert pushed(first).content.artifacts == 0


def test_a_store_that_is_away_holds_everything_back(apart: Team, shared: Path) -> None:
    first = apart.opened["first"]
    pushed(first)
    first.create_model_version("m", model_data=b"two")
    shared.rename(shared.with_name("away"))
    with pytest.raises(TransportError, match="is not there"):
        pushed(first)
    assert set(apart.tags()) == {"m@v1.0"}
    shared.with_name("away").rename(shared)
    assert [each.reference for each in pushed(first).versions] == ["m@1.1"]


def test_a_store_that_nobody_confirmed_is_not_used(apart: Team, shared: Path) -> None:
    ours = apart.clone("ours")
    ours.create_model_version("m", model_data=b"two")
    with pytest.raises(PolicyRefused, match="has not confirmed"):
        pushed(ours, yes=False)
    assert set(apart.tags()) == {"m@v1.0"}


def test_a_version_without_bytes_is_not_pushed(apart: Team) -> None:
    ours = apart.clone("ours")
    ours.create_model_version("m", model_data=b"two")
    for path in (ours.handle.local_directory / "store" / "recipes").rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(NotFound, match=r"the bytes of 'm@1\.1' are neither in"):
        pushed(ours)
    assert set(apart.tags()) == {"m@v1.0"}


def test_records_keep_what_was_sent(apart: Team, shared: Path) -> None:
    pushed(apart.opened["first"])
    kinds = sorted(name.rpartition(".")[0].rpartition(".")[2] for name in files(shared, "records"))
    assert len(kinds) == 3, files(shared, "records")


@pytest.fixture
def topic(apart: Team) -> Registry:
    """A clone with two versions on a branch, which git has pushed without their bytes."""
    pushed(apart.opened["first"])
    ours = apart.clone("ours")
    top = ours.handle.paths.top
    git(top, "switch", "-qc", "topic")
    for data in (b"two", b"three"):
        ours.create_model_version("m", model_data=data)
    git(top, "push", "-q", "origin", "topic")
    return ours


@pytest.mark.parametrize("on", ["topic", "main"])
def test_a_branch_that_git_has_pushed_gets_its_bytes(
    apart: Team, topic: Registry, shared: Path, on: str
) -> None:
    git(topic.handle.paths.top, "switch", "-q", on)
    before = len(files(shared, "recipes"))
    done = pushed(topic)
    assert (done.branches, done.versions, done.content.artifacts) == ((), (), 2)
    assert len(files(shared, "recipes")) == before + 2
    shared.rename(shared.with_name("away"))
    assert pushed(topic).content.artifacts == 0  # the store is not asked again
    shared.with_name("away").rename(shared)
    theirs = apart.clone("theirs")
    theirs.handle.may_use_store = lambda _: True
    recipe = theirs.get_model_version("m", rev="origin/topic").manifest.artifact.recipe
    stores = theirs.handle.stores
    assert not stores.missing(stores.read_recipe(recipe).chunks)


def test_a_branch_that_went_on_sends_what_is_new(topic: Registry) -> None:
    pushed(topic)
    topic.create_model_version("m", model_data=b"four")
    git(topic.handle.paths.top, "push", "-q", "origin", "topic")
    assert pushed(topic).content.artifacts == 1


def test_a_branch_that_was_merged_before_its_bytes_were_sent_gets_them(topic: Registry) -> None:
    top = topic.handle.paths.top
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--squash", "topic")
    git(top, "commit", "-qm", "three")
    git(top, "push", "-q", "origin", "main", ":topic")
    git(top, "branch", "-qD", "topic")
    assert pushed(topic).content.artifacts == 1


def test_a_branch_of_a_colleague_does_not_stop_a_push(apart: Team, topic: Registry, shared: Path) -> None:
    theirs = apart.clone("theirs")
    git(theirs.handle.paths.top, "switch", "-q", "topic")
    assert pushed(theirs).content.artifacts == 0
    assert pushed(topic).content.artifacts == 2


def test_a_branch_that_nobody_has_pushed_keeps_its_bytes(apart: Team, shared: Path) -> None:
    ours = apart.clone("ours")
    git(ours.handle.paths.top, "switch", "-qc", "topic")
    ours.create_model_version("m", model_data=b"two")
    git(ours.handle.paths.top, "switch", "-q", "main")
    assert pushed(ours).content.artifacts == 0


def test_what_a_check_found_lost_is_sent_again_from_a_branch(topic: Registry, shared: Path) -> None:
    pushed(topic)
    address = topic.handle.shared_stores.address()
    assert address is not None
    recipe = topic.get_model_version("m", rev="topic").manifest.artifact.recipe
    for path in [*(shared / "chunks").rglob("*"), *(shared / "packs").rglob("*")]:
        if path.is_file():
            path.unlink()
    SentNote(topic.handle.local_directory, address).doubt([recipe])
    assert pushed(topic).content.artifacts == 1
    assert not topic.handle.shared_stores.opened(address).missing(
        topic.handle.store.read_recipe(recipe).chunks
    )
