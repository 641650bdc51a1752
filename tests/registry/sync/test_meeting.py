"""A retirement in one clone and a promotion in another: whoever pushes last is told, and gets out of it."""

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from support.clones import Team, pushed
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.artifacts.progress import Progress
from regolo_git.errors import Conflict, PolicyRefused, RegoloNotice
from regolo_git.hints import Hint, NextStep
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.environments.promote import promote
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.pull import pull


class Pair(NamedTuple):
    """Two clones of a host with `m@1.0`, `m@1.1` and `m@1.2`; `m@1.0` is in production."""

    team: Team
    ours: Registry
    theirs: Registry


@pytest.fixture(params=["ops", None], ids=["two-branches", "one-branch"])
def pair(request: pytest.FixtureRequest, registry: Registry, tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield _pair(registry, tmp_path, stack, request.param)


@pytest.fixture
def apart(registry: Registry, tmp_path: Path) -> Iterator[Pair]:
    """The same, always with an operations branch."""
    with ExitStack() as stack:
        yield _pair(registry, tmp_path, stack, "ops")


def _pair(registry: Registry, place: Path, stack: ExitStack, operations: str | None) -> Pair:
    top = registry.handle.paths.top
    registry.register_model("m", b"one")
    for data in (b"two", b"three"):
        registry.create_model_version("m", model_data=data)
    if operations is not None:
        change_setting(registry.handle, "registry.operations", operations)
    registry.promote_model_version("m", "1.0", "production")
    registry.create_endpoint("e", "m", "1.0")
    git(place, "clone", "-q", "--bare", str(top), "host.git")
    team = Team(place / "host.git", top / ".git/regolo/store", stack)
    return Pair(team, team.clone("ours"), team.clone("theirs"))


def use(registry: Registry, how: str) -> None:
    """Has something use `m@1.1`."""
    if how == "promote":
        registry.promote_model_version("m", "1.1", "production")
    elif how == "traffic":
        registry.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    elif how == "shadow":
        registry.update_endpoint_traffic("e", shadow={"1.1": 10})
    else:
        registry.create_endpoint("new", "m", "1.1")


def problems(team: Team, place: Path) -> list[str]:
    """What `fsck` says of a new clone of the host."""
    git(place, "clone", "-q", str(team.host), "fresh")
    git(place / "fresh", "config", "regolo.store", str(team.store))
    with Registry.open(place / "fresh") as fresh:
        return [str(problem) for problem in check_registry(fresh.handle).problems]


def get_out(registry: Registry, error: Conflict) -> None:
    """Follows hints, of errors and of notices, until the push has landed."""
    hint = error.hint
    for _ in range(4):
        hint = follow(registry, hint)
        if hint is None:
            try:
                pushed(registry)
            except Conflict as again:
                hint = again.hint
            else:
                return
    raise AssertionError(hint)


def follow(registry: Registry, hint: NextStep | None) -> Hint | None:
    """Takes a next step; returns the one that it names, if any."""
    assert isinstance(hint, Hint)
    match hint.command, hint.arguments:
        case "pull", ():
            return pulled(registry)
        case "promote", (reference, environment):
            registry.promote_model_version("m", reference.partition("@")[2], environment)
        case "traffic", (endpoint, "--shadow", "none"):
            registry.update_endpoint_traffic(endpoint, shadow={})
        case "traffic", (endpoint, *split):
            shares = (each.partition("=") for each in split)
            registry.update_endpoint_traffic(endpoint, {name: float(share) for name, _, share in shares})
        case "rollback", (endpoint, "--to", version):
            registry.rollback_endpoint(endpoint, version)
        case "list", _:
            registry.delete_endpoint("new")
        case _:
            raise AssertionError(hint)
    return None


def pulled(registry: Registry) -> Hint | None:
    """Pulls as the command line does; returns the command that a notice names."""
    notices: list[str] = []
    handle = Handle.open(registry.handle.paths.top, os.environ, notices.append)
    pull(handle)
    handle.close()
    named = [notice.partition(": git regolo ")[2].split() for notice in notices if ": git regolo" in notice]
    return Hint(*named[0]) if named else None


@pytest.mark.parametrize("how", ["promote", "traffic", "shadow", "endpoint"])
@pytest.mark.parametrize("first", ["retire", "use"])
def test_the_second_push_is_refused_and_its_hints_lead_out(
    pair: Pair, how: str, first: str, tmp_path: Path
) -> None:
    team, ours, theirs = pair
    retiring, using = (theirs, ours) if first == "retire" else (ours, theirs)
    retiring.retire_model_version("m", "1.1", reason="wrong data")
    use(using, how)
    pushed(theirs)
    refs = git(team.host, "for-each-ref")
    with pytest.raises(Conflict, match=r"uses 'm@1\.1', which is retired \(.*: wrong data\)") as caught:
        pushed(ours)
    assert git(team.host, "for-each-ref") == refs
    get_out(ours, caught.value)
    assert problems(team, tmp_path) == []


def test_another_version_may_be_retired_meanwhile(pair: Pair, tmp_path: Path) -> None:
    team, ours, theirs = pair
    theirs.retire_model_version("m", "1.2", reason="wrong data")
    use(ours, "promote")
    pushed(theirs)
    pushed(ours)
    assert problems(team, tmp_path) == []


def test_what_was_taken_out_of_use_may_be_retired(pair: Pair, tmp_path: Path) -> None:
    team, ours, theirs = pair
    use(ours, "promote")
    pushed(ours)
    pulled(theirs)
    theirs.create_model_version("m", model_data=b"four")
    pushed(theirs)
    ours.promote_model_version("m", "1.0", "production")
    ours.retire_model_version("m", "1.1", reason="wrong data")
    pushed(ours)
    assert problems(team, tmp_path) == []


def test_a_contradiction_of_others_stops_no_push(apart: Pair, tmp_path: Path) -> None:
    team, ours, theirs = apart
    theirs.retire_model_version("m", "1.1", reason="wrong data")
    use(ours, "promote")
    by_git(theirs, "main")
    by_git(ours, "ops")
    theirs.create_model_version("m", model_data=b"four")
    pushed(theirs)
    assert len(problems(team, tmp_path)) == 1


def test_a_version_that_was_retired_during_the_push_stops_it(apart: Pair, tmp_path: Path) -> None:
    team, ours, theirs = apart
    theirs.retire_model_version("m", "1.1", reason="wrong data")
    use(ours, "promote")
    top = theirs.handle.paths.top
    hook = ours.handle.paths.top / ".git/hooks/pre-push"  # git runs it after it has asked for the refs
    hook.write_text(f"#!/bin/sh\nunset GIT_DIR\ngit -C '{top}' push -q origin main\n")
    hook.chmod(0o755)
    with pytest.warns(RegoloNotice, match=r"another clone has pushed at the same time: environment 'prod"):
        pushed(ours)
    hook.unlink()
    assert pulled(ours) == Hint("promote", "m@1.0", "production")
    ours.promote_model_version("m", "1.0", "production")
    pushed(ours)
    assert problems(team, tmp_path) == []


def by_git(registry: Registry, branch: str) -> None:
    """Pushes a branch as nobody checks it."""
    git(registry.handle.paths.top, "push", "-q", "origin", branch)


def test_a_change_that_is_pushed_at_once_is_judged_by_the_remote(apart: Pair) -> None:
    team, ours, theirs = apart
    theirs.retire_model_version("m", "1.1", reason="wrong data")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")  # so the fetched retirement is not known here
    refs = git(team.host, "for-each-ref")
    with pytest.raises(Conflict, match=r"'m@1\.1', which is retired .*; nothing was pushed") as caught:
        ours.promote_model_version("m", "1.1", "production", push=True)
    assert caught.value.hint == Hint("pull")
    assert git(team.host, "for-each-ref") == refs


def test_a_version_that_is_retired_while_it_is_promoted_is_refused(apart: Pair) -> None:
    team, ours, theirs = apart
    theirs.retire_model_version("m", "1.1", reason="wrong data")
    moved: list[str] = []

    def meanwhile(_: Progress) -> None:
        if not moved:
            moved.append("main")
            by_git(theirs, "main")

    refs = git(team.host, "rev-parse", "ops")
    reference = Reference.of("m", Version.parse("1.1"))
    with pytest.raises(PolicyRefused, match=r"'m@1\.1' is retired"):
        promote(ours.handle, reference, "production", push=True, on_progress=meanwhile)
    assert moved
    assert git(team.host, "rev-parse", "ops") == refs


def test_of_two_that_meet_at_once_the_later_one_is_told(apart: Pair) -> None:
    _, ours, theirs = apart
    use(theirs, "promote")
    hook = ours.handle.paths.top / ".git/hooks/pre-push"
    hook.write_text(f"#!/bin/sh\nunset GIT_DIR\ngit -C '{theirs.handle.paths.top}' push -q origin ops\n")
    hook.chmod(0o755)
    with pytest.warns(RegoloNotice, match="another clone has pushed at the same time: environment 'prod"):
        ours.retire_model_version("m", "1.1", reason="wrong data", push=True)


@pytest.mark.parametrize("first", ["retire", "use"])
def test_what_git_has_rebased_is_judged_too(registry: Registry, tmp_path: Path, first: str) -> None:
    with ExitStack() as stack:
        _, ours, theirs = _pair(registry, tmp_path, stack, None)
        retiring, using = (theirs, ours) if first == "retire" else (ours, theirs)
        retiring.retire_model_version("m", "1.1", reason="wrong data")
        use(using, "promote")
        by_git(theirs, "main")
        git(ours.handle.paths.top, "pull", "-q", "--rebase")
        with pytest.raises(Conflict, match="nothing was pushed") as caught:
            pushed(ours)
        assert caught.value.hint == Hint("promote", "m@1.0", "production")


def test_a_clone_of_one_branch_sees_what_the_other_branch_gained(apart: Pair) -> None:
    _, ours, theirs = apart
    top = ours.handle.paths.top
    git(top, "config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main")
    use(theirs, "promote")
    pushed(theirs)
    ours.retire_model_version("m", "1.1", reason="wrong data")
    with pytest.raises(Conflict, match="environment 'production' uses"):
        pushed(ours)


@pytest.mark.parametrize("command", ["push", "pull"])
def test_a_promotion_where_promotions_no_longer_count_is_named(team: Team, command: str) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    change_setting(theirs.handle, "registry.operations", "ops")
    pushed(theirs)
    ours.promote_model_version("m", "1.0", "staging")
    if command == "pull":
        pulled(ours)
    with pytest.warns(
        RegoloNotice, match=r"'environments/staging/m\.toml' was changed on branch 'main', and"
    ):
        pushed(ours)
    pulled(ours)
    with Registry.open(ours.handle.paths.top) as again:
        again.promote_model_version("m", "1.0", "staging")
    assert pushed(ours).branches == ("ops",)
    git(ours.handle.paths.top, "merge", "-q", "--no-edit", "ops")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pushed(ours).branches == ("main",)
