"""A promotion is one commit, with the endpoints that follow."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound, PolicyRefused, RegoloNotice
from regolo_git.records.references import Reference
from regolo_git.registry.environments.promote import promote


def test_a_promotion_is_one_commit_and_the_versions_status(registered: Registry) -> None:
    top = registered.handle.paths.top
    before = int(git(top, "rev-list", "--count", "HEAD"))
    registered.promote_model_version("m", "1.1", "production", replicas=10)
    assert int(git(top, "rev-list", "--count", "HEAD")) == before + 1
    assert registered.get_model_version("m", "1.1").status == "production"
    assert registered.get_model_version("m", "production").version == "1.1"
    assert "replicas = 10" in (top / "environments/production/m.toml").read_text()
    assert git(top, "status", "--porcelain") == ""
    assert "Regolo-To: m@1.1" in git(top, "log", "-1", "--format=%B")


def test_promoting_the_same_again_is_refused(registered: Registry) -> None:
    registered.promote_model_version("m", "1.1", "production")
    with pytest.raises(Conflict):
        registered.promote_model_version("m", "1.1", "production")


def test_the_highest_environment_is_the_status(registered: Registry) -> None:
    registered.promote_model_version("m", "1.1", "production")
    registered.promote_model_version("m", "1.1", "staging")
    assert registered.get_model_version("m", "1.1").status == "production"


def test_damaged_bytes_are_not_promoted(registered: Registry) -> None:
    recipe = registered.handle.store.read_recipe(
        registered.get_model_version("m", "1.1").manifest.artifact.recipe
    )
    chunk = (
        registered.handle.local_directory
        / "store/chunks"
        / recipe.chunks[0].blake3[:2]
        / recipe.chunks[0].blake3
    )
    chunk.chmod(0o644)
    chunk.write_bytes(b"0wn")
    before = git(registered.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(IntegrityError):
        registered.promote_model_version("m", "1.1", "production")
    assert git(registered.handle.paths.top, "rev-parse", "HEAD") == before


def test_a_proposed_promotion_waits_on_a_branch(registered: Registry) -> None:
    registered.promote_model_version("m", "1.1", "production", propose=True)
    assert registered.get_model_version("m", "1.1").status == "ready"
    assert "operate/production/m@1.1" in git(registered.handle.paths.top, "branch", "--list")


def test_an_endpoint_bound_to_an_environment_follows_its_promotions(registered: Registry) -> None:
    registered.promote_model_version("m", "1.0", "production", replicas=4)
    made = registered.create_endpoint("e", "m", "1.0", environment="production")
    assert made.versions["1.0"].replicas == 4
    registered.promote_model_version("m", "1.1", "production", replicas=5)
    followed = registered.get_endpoint("e")
    assert (followed.traffic, followed.versions["1.1"].replicas) == ({"1.1": 1.0}, 5)


def test_a_message_of_spaces_says_nothing(registered: Registry) -> None:
    registered.promote_model_version("m", "1.0", "production", message=" \n ")
    assert registered.get_promotion_history("m")[0].message == "promote m@1.0 to production"
    registered.create_endpoint("e", "m", "1.0", message="")
    registered.delete_endpoint("e", message="\t")
    said = [event.message for event in registered.get_endpoint_history("e")]
    assert said == ["delete endpoint e", "create endpoint e on m@1.0"]


def test_a_promotion_of_missing_bytes_says_of_which_version(registered: Registry) -> None:
    registered.promote_model_version("m", "1.1", "staging")
    for chunk in (registered.handle.local_directory / "store/chunks").rglob("*"):
        if chunk.is_file():
            chunk.unlink()
    for call in (
        lambda: registered.promote_model_version("m", "1.1", "production"),
        lambda: registered.promote_model_version("m", "1.1", "production", propose=True),
        lambda: registered.rollback_model("m", "1.0"),
        lambda: registered.create_endpoint("e", "m", "1.0"),
    ):
        with pytest.raises(NotFound, match=r"the bytes of 'm@1\.[01]' are not in this clone's store"):
            call()
    assert "propose" not in git(registered.handle.paths.top, "branch", "--list")


def test_a_retired_version_is_neither_promoted_nor_served(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.1")
    registered.retire_model_version("m", "1.0", reason="wrong data")
    for call in (
        lambda: registered.promote_model_version("m", "1.0", "production"),
        lambda: registered.create_endpoint("f", "m", "1.0"),
        lambda: registered.update_endpoint_traffic("e", {"1.0": 1}),
        lambda: registered.rollback_endpoint("e", "1.0"),
    ):
        with pytest.raises(PolicyRefused):
            call()


def test_a_version_that_is_retired_while_its_bytes_are_read_is_not_promoted(registry: Registry) -> None:
    registry.register_model("m", random.Random(1).randbytes(48 << 20))
    top = registry.handle.paths.top
    began = threading.Event()

    def promote() -> bool:
        with Registry.open(top) as other:
            began.set()
            try:
                other.promote_model_version("m", "1.0", "production")
            except PolicyRefused:
                return False
            return True

    with ThreadPoolExecutor(1) as pool:
        promoting = pool.submit(promote)
        began.wait()
        try:
            registry.retire_model_version("m", "1.0", reason="wrong data")
            retired = True
        except PolicyRefused:
            retired = False
        assert [promoting.result(), retired].count(True) == 1


@pytest.mark.parametrize("replicas", [0, -1, 10_000])
def test_an_impossible_number_of_replicas_is_refused(registered: Registry, replicas: int) -> None:
    with pytest.raises(InvalidInput):
        registered.create_endpoint("e", "m", "1.0", replicas=replicas)
    with pytest.raises(InvalidInput):
        registered.promote_model_version("m", "1.0", "production", replicas=replicas)


def test_an_endpoint_that_cannot_be_read_does_not_follow_and_is_named(registered: Registry) -> None:
    for name in ("e", "f"):
        registered.create_endpoint(name, "m", "1.0", environment="production")
    commit_files(registered.handle.paths.top, {"endpoints/e.toml": "format = 2\n"})
    with pytest.warns(RegoloNotice, match=r"endpoints/e\.toml"):
        registered.promote_model_version("m", "1.1", "production")
    assert registered.get_endpoint("f").traffic == {"1.1": 1.0}


def test_only_endpoints_of_that_model_and_environment_follow(registered: Registry) -> None:
    registered.register_model("n", b"another")
    registered.create_endpoint("same", "m", "1.0", environment="production")
    registered.create_endpoint("free", "m", "1.0")
    registered.create_endpoint("staged", "m", "1.0", environment="staging")
    registered.create_endpoint("other", "n", "1.0", environment="production")
    done = promote(registered.handle, Reference.parse("m@1.1"), "production", replicas=2)
    assert (done.endpoints, done.branch) == (("same",), "main")
    moved = registered.get_endpoint("same")
    assert (moved.traffic, moved.versions["1.1"].replicas) == ({"1.1": 1.0}, 2)


def test_what_was_promoted_before_is_told_and_its_replicas_stay(registered: Registry) -> None:
    first = promote(registered.handle, Reference.parse("m@1.0"), "production", replicas=4)
    second = promote(registered.handle, Reference.parse("m@1.1"), "production")
    assert (first.previous, second.previous) == (None, first.promotion)
    assert second.promotion.replicas == 4
    said = git(registered.handle.paths.top, "log", "-1", "--format=%(trailers)")
    assert "Regolo-From: m@1.0\nRegolo-To: m@1.1" in said


def test_a_proposal_says_on_its_branch_where_it_waits(registered: Registry) -> None:
    done = promote(registered.handle, Reference.parse("m@1.1"), "production", propose=True)
    assert done.branch == "operate/production/m@1.1"
    said = git(registered.handle.paths.top, "log", "-1", "--format=%(trailers)", done.branch)
    assert "Regolo-Proposed: operate/production/m@1.1" in said
