"""A canary: started, held, given more, ended; what a person does meanwhile wins."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.git_program import git
from support.local_store import delete_recipe

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, PolicyRefused
from regolo_git.records.canary import CanaryPolicy
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.references import Reference
from regolo_git.registry.endpoints.canary import (
    Said,
    abort_canary,
    decide_canary,
    end_canary,
    hold_canary,
    roll_back_canary,
)
from regolo_git.registry.endpoints.canary_promotion import promote_canary
from regolo_git.registry.endpoints.canary_start import start_canary
from regolo_git.registry.endpoints.deployed import read_deployed

POLICY = CanaryPolicy(steps=(0.1, 0.5))


@pytest.fixture
def endpoint(registered: Registry) -> Registry:
    registered.create_endpoint("e", "m", "1.0")
    return registered


@pytest.fixture
def canary(endpoint: Registry) -> Registry:
    endpoint.start_canary("e", "1.1", policy=POLICY)
    return endpoint


def last_message(registry: Registry) -> str:
    return git(registry.handle.paths.top, "log", "-1", "--format=%B", "main")


def edit(registry: Registry, endpoint: Endpoint) -> None:
    """Commits an endpoint's file as somebody would who edits it."""
    top = registry.handle.paths.top
    (top / "endpoints/e.toml").write_text(endpoint.to_text())
    git(top, "commit", "-qam", "by hand")


def test_a_canary_takes_its_steps_and_then_everything(canary: Registry) -> None:
    started = canary.get_endpoint("e")
    assert started.traffic == {"1.0": 0.9, "1.1": 0.1}
    assert started.candidate is not None
    assert (started.candidate.version, started.candidate.step) == ("1.1", 0)
    assert canary.promote_canary("e").traffic == {"1.0": 0.5, "1.1": 0.5}
    second = canary.get_endpoint("e").candidate
    assert second is not None
    assert second.step == 1
    ended = canary.promote_canary("e")
    assert (ended.traffic, ended.candidate, ended.canary) == ({"1.1": 1.0}, None, POLICY)
    actions = [event.action for event in canary.get_endpoint_history("e")]
    assert actions == ["canary-promote", "canary-step", "canary-start", "create-endpoint"]


def test_a_rollback_carries_its_evidence_and_rules_the_digest_out(canary: Registry) -> None:
    digest = canary.get_endpoint("e").versions["1.1"].digest
    said = Said(evidence="error_rate worse, log evidence 6.1 of 4.6")
    after = roll_back_canary(canary.handle, "e", said=said).made
    assert (after.traffic, after.candidate) == ({"1.0": 1.0}, None)
    assert after.canary == replace(POLICY, rejected=(digest,))
    message = last_message(canary)
    assert "Regolo-Action: canary-roll-back" in message
    assert "Regolo-Evidence: error_rate worse, log evidence 6.1 of 4.6" in message
    with pytest.raises(PolicyRefused, match="rolled back from endpoint 'e' by a canary"):
        canary.start_canary("e", "1.1")


def test_versions_without_traffic_stay_addressable(endpoint: Registry) -> None:
    endpoint.create_model_version("m", model_data=b"three")
    endpoint.update_endpoint_traffic("e", {"1.0": 1.0, "1.1": 0.0})
    assert endpoint.start_canary("e", "1.2", policy=POLICY).traffic == {"1.0": 0.9, "1.1": 0.0, "1.2": 0.1}
    assert endpoint.abort_canary("e").traffic == {"1.0": 1.0, "1.1": 0.0}


def test_a_canary_is_held_and_resumed(canary: Registry) -> None:
    held = canary.hold_canary("e").candidate
    assert held is not None
    assert held.held
    with pytest.raises(Conflict, match="held already"):
        hold_canary(canary.handle, "e")
    resumed = canary.hold_canary("e", resume=True).candidate
    assert resumed is not None
    assert not resumed.held
    with pytest.raises(Conflict, match="not held"):
        hold_canary(canary.handle, "e", resume=True)


def test_one_process_decides_until_another_takes_over(canary: Registry) -> None:
    decided = decide_canary(canary.handle, "e", "a").made
    assert decided.candidate is not None
    assert decided.candidate.decided_by == "a"
    with pytest.raises(Conflict, match="is decided by 'a'"):
        decide_canary(canary.handle, "e", "b")
    taken = decide_canary(canary.handle, "e", "b", take_over=True).made.candidate
    assert taken is not None
    assert taken.decided_by == "b"
    # What the first one still wants to do is refused: the canary is no longer the one that it means.
    with pytest.raises(Conflict, match="was changed meanwhile"):
        roll_back_canary(canary.handle, "e", said=Said(expected=decided))


@pytest.mark.parametrize("act", ["traffic", "rollback"])
def test_what_a_person_does_in_the_middle_ends_the_canary(canary: Registry, act: str) -> None:
    seen = canary.get_endpoint("e")
    if act == "traffic":
        canary.update_endpoint_traffic("e", {"1.0": 0.7, "1.1": 0.3})
    else:
        canary.rollback_endpoint("e")
    assert canary.get_endpoint("e").candidate is None
    for robot in (roll_back_canary, promote_canary):
        with pytest.raises(Conflict, match="no canary runs"):
            robot(canary.handle, "e", said=Said(expected=seen))


@pytest.mark.parametrize("act", ["hold", "split", "policy"])
def test_a_robot_does_nothing_to_what_a_person_has_changed_since_it_looked(
    canary: Registry, act: str
) -> None:
    seen = canary.get_endpoint("e")
    if act == "hold":
        canary.hold_canary("e")
    elif act == "split":
        edit(canary, replace(seen, traffic={"1.0": 0.7, "1.1": 0.3}))
    else:
        edit(canary, replace(seen, canary=replace(POLICY, steps=(0.1, 0.2))))
    after = canary.get_endpoint("e")
    for robot in (roll_back_canary, promote_canary, end_canary):
        with pytest.raises(Conflict, match="was changed meanwhile"):
            robot(canary.handle, "e", said=Said(expected=seen))
    assert canary.get_endpoint("e") == after


def test_the_same_split_again_changes_nothing(canary: Registry) -> None:
    with pytest.raises(Conflict, match="nothing to change"):
        canary.update_endpoint_traffic("e", {"1.0": 0.9, "1.1": 0.1})
    canary.update_endpoint_traffic("e", {"1.0": 0.9, "1.1": 0.1}, replicas={"1.1": 3})
    assert canary.get_endpoint("e").candidate is not None


def test_a_split_changed_by_hand_ends_it_as_it_is(canary: Registry) -> None:
    canary.create_model_version("m", model_data=b"three")
    found = canary.get_endpoint("e")
    versions = {**found.versions, "1.2": found.versions["1.1"]}
    edit(canary, replace(found, traffic={"1.0": 0.8, "1.1": 0.1, "1.2": 0.1}, versions=versions))
    with pytest.raises(Conflict, match="changed by hand"):
        abort_canary(canary.handle, "e")
    ended = end_canary(canary.handle, "e").made
    assert (ended.candidate, ended.traffic["1.2"]) == (None, 0.1)


def test_there_is_one_canary_at_a_time(canary: Registry) -> None:
    canary.create_model_version("m", model_data=b"three")
    with pytest.raises(Conflict, match=r"a canary of '1\.1' runs on endpoint 'e' already"):
        canary.start_canary("e", "1.2")


def test_a_canary_needs_one_version_that_serves(endpoint: Registry) -> None:
    endpoint.create_model_version("m", model_data=b"three")
    endpoint.create_model_version("m", model_data=b"four")
    endpoint.update_endpoint_traffic("e", {"1.0": 80, "1.1": 10, "1.2": 10})
    with pytest.raises(Conflict, match="splits its traffic"):
        endpoint.start_canary("e", "1.3")


def test_bytes_that_serve_already_are_not_tried(endpoint: Registry) -> None:
    endpoint.create_model_version("m", "1.2", model_data=b"one")
    with pytest.raises(Conflict, match=r"has the bytes that endpoint 'e' serves as '1\.0'"):
        endpoint.start_canary("e", "1.2")
    with pytest.raises(Conflict, match="has all the traffic"):
        endpoint.start_canary("e", "1.0")


def test_a_version_that_may_not_serve_is_not_a_candidate(endpoint: Registry) -> None:
    with pytest.raises(NotFound):
        endpoint.start_canary("e", "9.9")
    with pytest.raises(InvalidInput, match="serves 'm', not 'other'"):
        start_canary(endpoint.handle, "e", Reference.parse("other@1.0"))
    manifest = endpoint.get_model_version("m", "1.1").manifest
    delete_recipe(endpoint.handle.store, manifest.artifact.recipe)
    with pytest.raises(NotFound):
        endpoint.start_canary("e", "1.1")
    endpoint.create_model_version("m", model_data=b"three")
    endpoint.retire_model_version("m", "1.2", reason="bad")
    with pytest.raises(PolicyRefused, match="retired"):
        endpoint.start_canary("e", "1.2")
    assert endpoint.get_endpoint("e").candidate is None


def test_a_candidate_that_is_retired_meanwhile_gets_no_more(canary: Registry) -> None:
    git(canary.handle.paths.top, "tag", "keep")
    (canary.handle.paths.top / "models/m/retired.toml").write_text(
        'format = 1\n\n[retired]\n"1.1" = { when = 2026-11-23T14:00:00Z, who = "A", reason = "bad" }\n'
    )
    git(canary.handle.paths.top, "add", "models")
    git(canary.handle.paths.top, "commit", "-qm", "retire by hand")
    with pytest.raises(PolicyRefused, match="retired"):
        canary.promote_canary("e")


@pytest.fixture
def followed(endpoint: Registry) -> Registry:
    """`p` follows production, which has 1.0, and tries versions out; `q` follows it as well, and does not."""
    endpoint.promote_model_version("m", "1.0", "production", replicas=2)
    for name in ("p", "q"):
        endpoint.create_endpoint(name, "m", "1.0", environment="production")
    endpoint.start_canary("p", "1.1", policy=replace(POLICY, promote=True))
    endpoint.abort_canary("p")
    return endpoint


def environment_version(registry: Registry) -> str:
    return next(held.version for held in registry.list_environments("production"))


def test_a_promotion_starts_the_canary_of_an_endpoint_that_follows(followed: Registry) -> None:
    with pytest.warns(UserWarning, match="canary of 'm@1.1' on p"):
        followed.promote_model_version("m", "1.1", "production", replicas=5)
    assert followed.get_endpoint("p").traffic == {"1.0": 0.9, "1.1": 0.1}
    assert followed.get_endpoint("p").versions["1.1"].replicas == 5
    assert followed.get_endpoint("q").traffic == {"1.0": 1.0}
    assert environment_version(followed) == "1.0"
    followed.promote_canary("p")
    # The last step is the promotion.
    followed.promote_canary("p")
    assert environment_version(followed) == "1.1"
    for name in ("p", "q"):
        assert followed.get_endpoint(name).traffic == {"1.1": 1.0}
        assert followed.get_endpoint(name).versions["1.1"].replicas == 5
    message = last_message(followed)
    assert "Regolo-Action: canary-promote" in message
    assert "Regolo-Endpoint: p" in message


def test_a_promotion_at_once_skips_the_canary(followed: Registry) -> None:
    followed.promote_model_version("m", "1.1", "production", at_once=True)
    assert environment_version(followed) == "1.1"
    assert followed.get_endpoint("p").traffic == {"1.1": 1.0}


def test_a_promotion_in_the_middle_ends_the_canary(followed: Registry) -> None:
    followed.start_canary("p", "1.1")
    followed.create_model_version("m", model_data=b"three")
    followed.promote_model_version("m", "1.2", "production")
    assert environment_version(followed) == "1.2"
    assert followed.get_endpoint("p").traffic == {"1.2": 1.0}
    assert followed.get_endpoint("p").candidate is None


def test_the_last_step_asks_the_permission_of_a_promotion(followed: Registry) -> None:
    followed.start_canary("p", "1.1", policy=CanaryPolicy(steps=(0.5,)))
    top = followed.handle.paths.top
    config = top / ".regolo/config.toml"
    config.write_text(
        config.read_text().replace(
            "[environments.production]", '[environments.production]\nrequires = ["staging"]'
        )
    )
    git(top, "commit", "-qam", "staging first")
    with pytest.raises(PolicyRefused, match="must be promoted to 'staging' first"):
        followed.promote_canary("p")
    assert followed.get_endpoint("p").traffic == {"1.0": 0.5, "1.1": 0.5}
    assert environment_version(followed) == "1.0"


def test_the_last_step_promotes_the_bytes_that_were_tried(followed: Registry) -> None:
    followed.start_canary("p", "1.1", policy=CanaryPolicy(steps=(0.5,)))
    seen = followed.get_endpoint("p")
    other = replace(seen.versions["1.1"], digest=seen.versions["1.0"].digest)
    top = followed.handle.paths.top
    text = replace(seen, versions=seen.versions | {"1.1": other}).to_text()
    (top / "endpoints/p.toml").write_text(text)
    git(top, "commit", "-qam", "other bytes by hand")
    with pytest.raises(PolicyRefused, match="has other bytes than the canary of 'p' serves"):
        followed.promote_canary("p")
    assert environment_version(followed) == "1.0"


def test_what_was_ruled_out_is_not_promoted_to_those_that_follow(followed: Registry) -> None:
    followed.start_canary("p", "1.1")
    roll_back_canary(followed.handle, "p")
    for at_once in (False, True):
        with pytest.raises(PolicyRefused, match="rolled back from endpoint 'p' by a canary"):
            followed.promote_model_version("m", "1.1", "production", at_once=at_once)


def test_an_endpoint_with_a_canary_agrees_with_its_environment(followed: Registry) -> None:
    followed.start_canary("p", "1.1")
    found = read_deployed(followed.handle, followed.get_endpoint("p"))
    assert (found.agrees, found.state) == (True, "canary of 1.1 at 10%, follows production=1.0")


def test_a_clone_that_pushes_at_once_keeps_nothing_of_a_refused_step(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0")
    registered.start_canary("e", "1.1", policy=POLICY)
    with pytest.raises(NotFound, match="no remote to push to"):
        registered.promote_canary("e", push=True)
    assert registered.get_endpoint("e").traffic == {"1.0": 0.9, "1.1": 0.1}


def test_a_clone_whose_branch_was_rewritten_at_the_remote_says_so_first(
    canary: Registry, tmp_path: Path
) -> None:
    top, host = canary.handle.paths.top, tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(top), str(host))
    git(top, "remote", "add", "origin", str(host))
    git(top, "fetch", "-q", "origin")
    decide_canary(canary.handle, "e", "here", push=True)
    git(host, "update-ref", "refs/heads/main", "main~1")
    # At the remote nobody decides now, so this server would claim the canary again.
    git(top, "fetch", "-q", "origin")
    seen = canary.handle.records_at(git(top, "rev-parse", "origin/main").strip()).endpoint("e")
    words = "branch 'main' of 'origin' was rewritten: it lacks 1 commit that it had"
    with pytest.raises(Conflict, match=words) as caught:
        decide_canary(canary.handle, "e", "here", said=Said(expected=seen), push=True)
    assert str(caught.value.hint).startswith("git pull --rebase")


def test_a_version_that_a_canary_took_off_is_no_longer_good(endpoint: Registry) -> None:
    endpoint.update_endpoint_traffic("e", {"1.1": 1.0})
    endpoint.create_model_version("m", model_data=b"three")
    endpoint.update_endpoint_traffic("e", {"1.2": 1.0})
    # Back to 1.1 for a try, which fails: then 1.1 is not where a rollback goes.
    endpoint.start_canary("e", "1.1", policy=POLICY)
    roll_back_canary(endpoint.handle, "e")
    assert endpoint.rollback_endpoint("e").traffic == {"1.0": 1.0}


def test_a_promotion_says_how_to_do_without_a_canary_that_cannot_start(followed: Registry) -> None:
    followed.update_endpoint_traffic("p", {"1.0": 0.5, "1.1": 0.5})
    with pytest.raises(Conflict, match="splits its traffic") as refused:
        followed.promote_model_version("m", "1.1", "production")
    assert str(refused.value.hint) == "git regolo promote m@1.1 production --at-once"
    followed.promote_model_version("m", "1.1", "production", at_once=True)
    assert followed.get_endpoint("p").traffic == {"1.1": 1.0}
