"""Environments and endpoints: reviewed commits, refused where they would not hold."""

import random
import threading
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.git_program import git
from support.local_store import delete_recipe

from regolo_git.api import Registry
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound, PolicyRefused, RegoloError
from regolo_git.records.references import Reference
from regolo_git.records.routing import Routing
from regolo_git.registry.versions.retire import plan_retirement, retire


@pytest.fixture
def promoted(registry: Registry) -> Registry:
    registry.register_model("m", b"one")
    registry.create_model_version("m", model_data=b"two")
    return registry


def configure(registry: Registry, text: str) -> None:
    path = registry.handle.paths.top / ".regolo/config.toml"
    path.write_text(path.read_text() + text)
    git(registry.handle.paths.top, "commit", "-qam", "environments")


def test_a_promotion_is_one_commit_and_the_versions_status(promoted: Registry) -> None:
    top = promoted.handle.paths.top
    before = int(git(top, "rev-list", "--count", "HEAD"))
    promoted.promote_model_version("m", "1.1", "production", replicas=10)
    assert int(git(top, "rev-list", "--count", "HEAD")) == before + 1
    assert promoted.get_model_version("m", "1.1").status == "production"
    assert promoted.get_model_version("m", "production").version == "1.1"
    assert "replicas = 10" in (top / "environments/production/m.toml").read_text()
    assert git(top, "status", "--porcelain") == ""
    assert "Regolo-To: m@1.1" in git(top, "log", "-1", "--format=%B")


def test_promoting_the_same_again_is_refused(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.1", "production")
    with pytest.raises(Conflict):
        promoted.promote_model_version("m", "1.1", "production")


def test_the_highest_environment_is_the_status(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.1", "production")
    promoted.promote_model_version("m", "1.1", "staging")
    assert promoted.get_model_version("m", "1.1").status == "production"


def test_a_version_must_have_stood_where_the_rules_say(promoted: Registry) -> None:
    configure(
        promoted,
        '\n[environments.staging]\n\n[environments.production]\nreplicas = 3\nrequires = ["staging"]\n',
    )
    with pytest.raises(PolicyRefused) as caught:
        promoted.promote_model_version("m", "1.1", "production")
    assert str(caught.value.hint) == "git regolo promote m@1.1 staging"
    promoted.promote_model_version("m", "1.1", "staging")
    assert promoted.promote_model_version("m", "1.1", "production").replicas == 3
    with pytest.raises(InvalidInput, match="unknown environment 'canary'"):
        promoted.promote_model_version("m", "1.1", "canary")


def test_promotions_of_one_second_are_told_in_their_order(
    promoted: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02 03:04:05 +0000")
    for environment in ("production", "staging", "production"):
        replicas = len(promoted.get_promotion_history("m")) + 1
        promoted.promote_model_version("m", "1.1", environment, replicas=replicas)
    told = [
        (event.environment, event.promotion.replicas)
        for event in promoted.get_promotion_history("m")
        if event.promotion
    ]
    assert told == [("production", 3), ("staging", 2), ("production", 1)]


def test_history_says_what_stood_where(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.0", "production")
    promoted.promote_model_version("m", "1.1", "production", message="better")
    events = promoted.get_promotion_history("m", "production")
    assert [(e.promotion.version, e.message) for e in events if e.promotion] == [
        ("1.1", "better"),
        ("1.0", "promote m@1.0 to production"),
    ]


def test_damaged_bytes_are_not_promoted(promoted: Registry) -> None:
    recipe = promoted.handle.store.read_recipe(
        promoted.get_model_version("m", "1.1").manifest.artifact.recipe
    )
    chunk = (
        promoted.handle.local_directory
        / "store/chunks"
        / recipe.chunks[0].blake3[:2]
        / recipe.chunks[0].blake3
    )
    chunk.chmod(0o644)
    chunk.write_bytes(b"0wn")
    before = git(promoted.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(IntegrityError):
        promoted.promote_model_version("m", "1.1", "production")
    assert git(promoted.handle.paths.top, "rev-parse", "HEAD") == before


def test_a_proposed_promotion_waits_on_a_branch(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.1", "production", propose=True)
    assert promoted.get_model_version("m", "1.1").status == "ready"
    assert "propose/production/m@1.1" in git(promoted.handle.paths.top, "branch", "--list")


def test_an_endpoint_bound_to_an_environment_follows_its_promotions(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.0", "production", replicas=4)
    made = promoted.create_endpoint("e", "m", "1.0", environment="production")
    assert made.versions["1.0"].replicas == 4
    promoted.promote_model_version("m", "1.1", "production", replicas=5)
    followed = promoted.get_endpoint("e")
    assert (followed.traffic, followed.versions["1.1"].replicas) == ({"1.1": 1.0}, 5)


def test_a_bound_endpoint_has_the_environments_replicas_from_the_start(promoted: Registry) -> None:
    configure(promoted, "\n[environments.production]\nreplicas = 3\n")
    assert promoted.create_endpoint("e", "m", "1.0", "production", 7).versions["1.0"].replicas == 3
    promoted.promote_model_version("m", "1.0", "production", replicas=4)
    assert promoted.create_endpoint("f", "m", "1.0", "production", 7).versions["1.0"].replicas == 4
    with pytest.raises(InvalidInput, match="'replicas' is 0"):
        promoted.create_endpoint("g", "m", "1.0", "production", 0)
    with pytest.raises(InvalidInput, match="unknown environment 'nowhere'"):
        promoted.create_endpoint("g", "m", "1.0", "nowhere")


def test_a_message_of_spaces_says_nothing(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.0", "production", message=" \n ")
    assert promoted.get_promotion_history("m")[0].message == "promote m@1.0 to production"
    promoted.create_endpoint("e", "m", "1.0", message="")
    promoted.delete_endpoint("e", message="\t")
    said = [event.message for event in promoted.get_endpoint_history("e")]
    assert said == ["delete endpoint e", "create endpoint e on m@1.0"]


def test_a_split_is_the_whole_state(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "1.0", replicas=2)
    split = promoted.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10}, replicas={"1.1": 1})
    assert split.traffic == {"1.0": 0.9, "1.1": 0.1}
    assert [split.versions[v].replicas for v in ("1.0", "1.1")] == [2, 1]
    assert list(promoted.update_endpoint_traffic("e", {"1.1": 1}).versions) == ["1.1"]


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ({"1.0": 0.9, "1.1": 0.2}, InvalidInput),
        ({"1.0": -0.5, "1.1": 1.5}, InvalidInput),
        ({"1.0": float("nan")}, InvalidInput),
        ({"1.0": float("inf")}, InvalidInput),
        ({"1.0": 10**400}, InvalidInput),
        ({"1.0": True}, InvalidInput),
        ({"1.0": "1"}, InvalidInput),
        ({1.0: 1}, InvalidInput),
        ({"1.0": 0.5, "1.0.0": 0.5}, InvalidInput),
        ({}, InvalidInput),
        ({"1.0": 0.5, "9.9": 0.5}, NotFound),
    ],
)
def test_a_bad_split_changes_nothing(
    promoted: Registry, weights: Mapping[str, float], error: type[RegoloError]
) -> None:
    promoted.create_endpoint("e", "m", "1.0")
    before = git(promoted.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(error):
        promoted.update_endpoint_traffic("e", weights)
    assert git(promoted.handle.paths.top, "rev-parse", "HEAD") == before


@pytest.mark.parametrize(
    ("percents", "shares"),
    [
        ((33.3, 33.3, 33.4), (0.333, 0.333, 0.334)),
        ((1 / 3, 1 / 3, 1 / 3), (1 / 3, 1 / 3, 1 / 3)),
        ((-0.0, 99.9, 0.1), (0, 0.999, 0.001)),
    ],
)
def test_shares_are_written_as_people_divide(
    promoted: Registry, percents: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    promoted.create_model_version("m", model_data=b"three")
    promoted.create_endpoint("e", "m", "1.0")
    promoted.update_endpoint_traffic("e", dict(zip(("1.0", "1.1", "1.2"), percents, strict=True)))
    written = (promoted.handle.paths.top / "endpoints/e.toml").read_text()
    for version, share in zip(("1.0", "1.1", "1.2"), shares, strict=True):
        assert f'"{version}" = {float(share)!r}\n' in written


@pytest.mark.parametrize("replicas", [0, -1, 10_000])
def test_an_impossible_number_of_replicas_is_refused(promoted: Registry, replicas: int) -> None:
    with pytest.raises(InvalidInput):
        promoted.create_endpoint("e", "m", "1.0", replicas=replicas)
    with pytest.raises(InvalidInput):
        promoted.promote_model_version("m", "1.0", "production", replicas=replicas)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry", -1),
        ("retry", True),
        ("retry", 1.5),
        ("timeout_seconds", "5"),
        ("timeout_seconds", float("nan")),
        ("max_body_bytes", 0),
        ("sticky_header", "x user"),
        ("sticky_header", ""),
        ("sticky_cookie", "a;b"),
        ("override_header", "x:version"),
    ],
)
def test_a_routing_that_cannot_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=name):
        Routing(**{name: value})  # type: ignore[arg-type]


def test_a_promotion_of_missing_bytes_says_of_which_version(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.1", "staging")
    for chunk in (promoted.handle.local_directory / "store/chunks").rglob("*"):
        if chunk.is_file():
            chunk.unlink()
    for call in (
        lambda: promoted.promote_model_version("m", "1.1", "production"),
        lambda: promoted.promote_model_version("m", "1.1", "production", propose=True),
        lambda: promoted.rollback_model("m", "1.0"),
        lambda: promoted.create_endpoint("e", "m", "1.0"),
    ):
        with pytest.raises(NotFound, match=r"the bytes of 'm@1\.[01]' are not in this clone's store"):
            call()
    assert "propose" not in git(promoted.handle.paths.top, "branch", "--list")


def test_a_retired_version_is_neither_promoted_nor_served(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "1.1")
    promoted.retire_model_version("m", "1.0", reason="wrong data")
    for call in (
        lambda: promoted.promote_model_version("m", "1.0", "production"),
        lambda: promoted.create_endpoint("f", "m", "1.0"),
        lambda: promoted.update_endpoint_traffic("e", {"1.0": 1}),
        lambda: promoted.rollback_endpoint("e", "1.0"),
    ):
        with pytest.raises(PolicyRefused):
            call()


def test_a_version_in_use_is_not_retired(promoted: Registry) -> None:
    promoted.promote_model_version("m", "1.1", "production")
    promoted.create_endpoint("e", "m", "1.0")
    with pytest.raises(PolicyRefused, match="environment 'production'"):
        promoted.retire_model_version("m", "1.1", reason="r")
    with pytest.raises(PolicyRefused, match="endpoint 'e'"):
        promoted.retire_model_version("m", "1.0", reason="r")


def test_a_version_that_came_into_use_since_it_was_planned_is_not_retired(promoted: Registry) -> None:
    plan = plan_retirement(promoted.handle, Reference.parse("m@1.1"), "wrong data")
    promoted.promote_model_version("m", "1.1", "production")
    with pytest.raises(PolicyRefused, match="environment 'production'"):
        retire(promoted.handle, plan)


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


def test_a_rollback_goes_to_the_last_good_version_by_a_forward_commit(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "1.0")
    promoted.update_endpoint_traffic("e", {"1.0": 0.9, "1.1": 0.1})
    before = int(git(promoted.handle.paths.top, "rev-list", "--count", "HEAD"))
    assert promoted.rollback_endpoint("e").traffic == {"1.0": 1.0}
    assert int(git(promoted.handle.paths.top, "rev-list", "--count", "HEAD")) == before + 1
    actions = [event.action for event in promoted.get_endpoint_history("e")]
    assert actions == ["rollback", "traffic", "create-endpoint"]


def test_a_rollback_to_bytes_that_are_gone_is_refused(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "1.1")
    delete_recipe(promoted.handle.store, promoted.get_model_version("m", "1.0").manifest.artifact.recipe)
    with pytest.raises(NotFound):
        promoted.rollback_endpoint("e", "1.0")


def test_a_deleted_endpoint_keeps_its_history(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "1.0")
    promoted.delete_endpoint("e")
    assert promoted.list_endpoints() == []
    with pytest.raises(NotFound):
        promoted.get_endpoint("e")
    assert [event.action for event in promoted.get_endpoint_history("e")] == [
        "delete-endpoint",
        "create-endpoint",
    ]


def test_a_broken_file_on_the_branch_is_named(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "1.0")
    top = promoted.handle.paths.top
    (top / "endpoints/e.toml").write_text("format = 1\nendpoint = 3\n")
    git(top, "commit", "-qam", "break it")
    with pytest.raises(IntegrityError, match=r"endpoints/e\.toml"):
        promoted.get_endpoint("e")


def test_an_environment_named_version_is_made_from_a_version_without_its_bytes(promoted: Registry) -> None:
    source = promoted.get_model_version("m", "1.0")
    made = promoted.create_model_version("m", "prod-1.0", model_data=source, metadata={"approved": True})
    assert (made.digest, made.manifest.artifact) == (source.digest, source.manifest.artifact)
    assert made.metadata == {**source.metadata, "approved": True}
    assert promoted.get_model_version("m", "latest").version != "prod-1.0"


def test_keys_of_a_newer_release_survive_every_change(promoted: Registry) -> None:
    top = promoted.handle.paths.top
    promoted.promote_model_version("m", "1.0", "production")
    promoted.create_endpoint("e", "m", "1.0", "production")
    promoted.create_model_version("m", model_data=b"three")
    promoted.retire_model_version("m", "1.2", reason="wrong data")
    changed = {
        "environments/production/m.toml": 'note = "ours"\n',
        "endpoints/e.toml": 'zone = "eu"\n\n[extra]\nowner = "Ada"\n',
        "models/m/retired.toml": '\n[extra]\nowner = "Ada"\n',
    }
    for path, text in changed.items():
        (top / path).write_text((top / path).read_text() + text)
    git(top, "commit", "-qam", "by a newer release")
    promoted.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    promoted.promote_model_version("m", "1.1", "production")
    promoted.rollback_endpoint("e", "1.0")
    promoted.update_endpoint_traffic("e", {"1.0": 0.5, "1.1": 0.5})
    promoted.create_model_version("m", "1.3", model_data=b"four")
    promoted.retire_model_version("m", "1.3", reason="wrong data")
    read = {path: tomllib.loads((top / path).read_text()) for path in changed}
    assert read["environments/production/m.toml"]["note"] == "ours"
    assert read["endpoints/e.toml"]["extra"] == {"owner": "Ada"}
    assert read["models/m/retired.toml"]["extra"] == {"owner": "Ada"}
    assert set(read["models/m/retired.toml"]["retired"]) == {"1.2", "1.3"}


def test_what_is_unknown_of_a_pinned_version_stays_as_long_as_it_does(promoted: Registry) -> None:
    top = promoted.handle.paths.top
    promoted.create_endpoint("e", "m", "1.0")
    path = top / "endpoints/e.toml"
    path.write_text(path.read_text().rstrip("\n") + '\nzone = "eu"\n')
    git(top, "commit", "-qam", "by a newer release")
    assert promoted.get_endpoint("e").versions["1.0"].unknown == {"zone": "eu"}
    split = promoted.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    assert [split.versions[v].unknown for v in ("1.0", "1.1")] == [{"zone": "eu"}, {}]
    assert promoted.rollback_endpoint("e").versions["1.0"].unknown == {"zone": "eu"}
