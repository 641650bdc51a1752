"""Pushing to a remote that went on, or did not: everything lands, nothing is overwritten."""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from support.clones import Team, diverge, pushed, status
from support.git_program import git
from support.keys import ssh_key
from support.program import run_program
from support.servers.git_http import PASSWORD, USER, GitHttp

from regolo_git.api import Registry
from regolo_git.errors import Conflict, NotFound, RegoloError, RegoloNotice
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.records.seal import seal_problem
from regolo_git.registry.configuration import change_setting


def test_a_version_lands_with_its_branch(team: Team) -> None:
    ours = team.clone("ours")
    ours.create_model_version("m", model_data=b"two")
    done = pushed(ours)
    assert [version.reference for version in done.versions] == ["m@1.1"]
    assert done.branches == ("main",)
    assert git(team.host, "rev-parse", "main") == git(team.host, "rev-parse", "m@v1.1^{}")
    assert status(ours) == "## main...origin/main"


def test_a_second_push_has_nothing_to_do(team: Team) -> None:
    ours = team.clone("ours")
    ours.create_model_version("m", model_data=b"two")
    pushed(ours)
    done = pushed(ours)
    assert (done.branches, done.versions, done.notes) == ((), (), ())


@pytest.mark.slow
def test_the_daemon_of_a_credential_cache_keeps_no_later_push_waiting(
    team: Team, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, top = team.clone("ours"), team.clone("ours").handle.paths.top
    git(team.host, "config", "http.receivepack", "true")
    with GitHttp(team.host.parent).running() as server:
        git(top, "remote", "set-url", "origin", server.url(team.host))
        (isolated / "known").write_text(f"http://{USER}:{quote(PASSWORD, safe='')}@{server.address}\n")
        for helper in ("cache", f"store --file={isolated}/known"):  # git tells both what was accepted
            git(isolated, "config", "--global", "--add", "credential.helper", helper)
        try:
            for content in (b"two", b"three"):
                ours.create_model_version("m", model_data=content)
                assert len(pushed(ours).versions) == 1
                assert list(isolated.rglob("socket")), "the daemon is there"
                monkeypatch.setattr("regolo_git.git.lock.PATIENCE_SECONDS", 0.0)
        finally:
            git(isolated, "credential-cache", "exit")


def test_a_tag_that_was_left_behind_follows(team: Team) -> None:
    ours = team.clone("ours")
    ours.create_model_version("m", model_data=b"two")
    git(ours.handle.paths.top, "push", "-q", "origin", "main")
    assert [version.reference for version in pushed(ours).versions] == ["m@1.1"]
    assert "m@v1.1" in team.tags()


def test_what_was_overtaken_gets_the_next_numbers(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours", message="better m@1.1\n\nbody")
    ours.create_model_version("m", model_data=b"ours, next", bump="patch")
    ours.promote_model_version("m", "1.1", "staging")
    before = team.tags()
    done = pushed(ours)
    assert [(v.before, v.version) for v in done.versions] == [("1.1", "1.2"), ("1.1.1", "1.2.1")]
    assert before.items() <= team.tags().items()
    assert team.numbers("m") == ["1.0", "1.1", "1.2", "1.2.1"]
    top = ours.handle.paths.top
    assert git(top, "tag", "-l").split() == ["m@v1.0", "m@v1.1", "m@v1.2", "m@v1.2.1"]
    assert git(top, "rev-parse", "m@v1.1").strip() == team.tags()["m@v1.1"]
    assert status(ours) == "## main...origin/main"
    with Registry.open(top) as again:
        second, third = again.get_model_version("m", "1.2"), again.get_model_version("m", "1.2.1")
        assert (second.parents, third.parents) == (("1.0",), ("1.2",))
        assert second.message == "better m@1.2"
        promotion = again.handle.records().promotion("staging", "m")
        assert promotion is not None
        assert (promotion.version, promotion.commit) == ("1.2", second.commit)
        assert check_registry(again.handle).problems == ()


def test_a_new_number_steps_over_the_tags_of_other_tools(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    git(ours.handle.paths.top, "tag", "m@v1.2")
    done = pushed(ours)
    assert [(v.before, v.version) for v in done.versions] == [("1.1", "1.3")]
    assert git(ours.handle.paths.top, "rev-parse", "m@v1.3").strip() == team.tags()["m@v1.3"]
    assert pushed(ours).versions == ()


def test_another_model_keeps_its_numbers(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.register_model("n", b"n")
    ours.create_model_version("n", model_data=b"n, next", version="3.0")
    ours.create_model_version("n", model_data=b"n, after that")
    done = pushed(ours)
    assert [(v.before, v.version) for v in done.versions] == [("1.0", "1.0"), ("3.0", "3.0"), ("3.1", "3.1")]


def test_a_number_that_was_given_is_the_users(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours", version="1.1")
    before = team.tags(), git(ours.handle.paths.top, "for-each-ref", "refs/heads", "refs/tags")
    with pytest.raises(Conflict, match="was given") as caught:
        pushed(ours)
    assert str(caught.value.hint) == "git pull --rebase && git regolo renumber m@1.1"
    assert before == (team.tags(), git(ours.handle.paths.top, "for-each-ref", "refs/heads", "refs/tags"))


def test_a_commit_of_the_user_is_the_users(team: Team) -> None:
    ours = diverge(team)
    ours.create_model_version("m", model_data=b"ours")
    with pytest.raises(Conflict, match="'say what it is' is not a commit of regolo-git") as caught:
        pushed(ours)
    assert str(caught.value.hint) == "git pull --rebase && git regolo renumber m@1.1"


@pytest.mark.parametrize("kind", ["executable", "link"])
def test_more_than_content_in_an_amended_commit_is_the_users(team: Team, kind: str) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.label_model_version("m", "1.0", {"approved": "yes"})
    top = ours.handle.paths.top
    if kind == "link":
        (top / "run").symlink_to("models")
    else:
        (top / "run").write_text("#!/bin/sh\n")
        (top / "run").chmod(0o755)
    git(top, "add", "run")
    git(top, "commit", "-q", "--amend", "--no-edit")
    with pytest.raises(Conflict, match="'run' is an executable, a link or a submodule") as caught:
        pushed(ours)
    assert str(caught.value.hint) == "git pull --rebase && git regolo push"
    git(top, "pull", "-q", "--rebase")
    pushed(ours)
    assert git(team.host, "ls-tree", "main", "run").split()[0] in ("100755", "120000")


def test_two_that_register_one_model_are_told(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.register_model("n", b"theirs")
    pushed(theirs)
    ours.register_model("n", b"ours")
    with pytest.raises(Conflict, match="another clone registered model 'n', too"):
        pushed(ours)


def test_two_that_promote_to_one_environment_are_told(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    for clone, replicas in ((theirs, 1), (ours, 2)):
        clone.promote_model_version("m", "1.0", "staging", replicas=replicas)
    pushed(theirs)
    with pytest.raises(Conflict, match=r"'environments/staging/m\.toml' was changed by another clone, too"):
        pushed(ours)


def test_what_another_clone_retired_is_not_promoted(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    theirs.retire_model_version("m", "1.0", reason="wrong data")
    pushed(theirs)
    ours.promote_model_version("m", "1.0", "staging")
    with pytest.raises(Conflict, match=r"'staging' uses 'm@1\.0', which is retired"):
        pushed(ours)


def test_lists_of_retired_versions_are_joined(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    for data in (b"two", b"three"):
        theirs.create_model_version("m", model_data=data)
    pushed(theirs)
    git(ours.handle.paths.top, "pull", "-q", "--tags")
    theirs.retire_model_version("m", "1.0", reason="old")
    ours.retire_model_version("m", "1.1", reason="wrong data")
    pushed(theirs)
    pushed(ours)
    with Registry.open(ours.handle.paths.top) as again:
        retired = again.handle.records().retired("m")
        assert [(each.version, each.reason) for each in retired.entries] == [
            ("1.0", "old"),
            ("1.1", "wrong data"),
        ]


def test_evaluations_of_two_clones_are_joined(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    for registry, value in ((theirs, 0.2), (ours, 0.1)):
        registry.evaluate_model_version("m", "1.0", metrics={f"gap{value}": value})
    pushed(theirs)
    pushed(ours)
    with Registry.open(ours.handle.paths.top) as again:
        assert again.get_model_version("m", "1.0").metrics == {"gap0.1": 0.1, "gap0.2": 0.2}
        assert len(again.handle.records().evaluations("m").entries) == 2


def test_labels_of_two_clones_are_joined_and_follow_a_new_number(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    theirs.label_model_version("m", "1.0", {"lang": "en"})
    theirs.label_model_version("m", "1.1", {"of": "theirs"})
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    ours.label_model_version("m", "1.1", {"of": "ours"})
    ours.label_model_version("m", "1.0", {"approved": "yes"})
    pushed(ours)
    with Registry.open(ours.handle.paths.top) as again:
        found = {version.version: dict(version.labels) for version in again.list_model_versions("m")}
        assert found == {
            "1.0": {"approved": "yes", "lang": "en"},
            "1.1": {"of": "theirs"},
            "1.2": {"of": "ours"},
        }
        assert check_registry(again.handle).problems == ()


def test_two_values_of_one_label_are_for_somebody_to_decide(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.label_model_version("m", "1.0", {"lang": "en"})
    pushed(theirs)
    ours.label_model_version("m", "1.0", {"lang": "fr"})
    with pytest.raises(Conflict):
        ours.push()
    assert ours.get_model_version("m", "1.0").labels == {"lang": "fr"}


def test_seals_and_evaluations_follow_a_new_number(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs", metrics={"f1": 0.5})
    theirs.evaluate_model_version("m", "1.1", metrics={"gap": 0.5})
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours", metrics={"f1": 0.6})
    ours.create_model_version("m", model_data=b"ours, next", metrics={"f1": 0.7})
    ours.evaluate_model_version("m", "1.1", metrics={"gap": 0.6})
    assert [(v.before, v.version) for v in pushed(ours).versions] == [("1.1", "1.2"), ("1.2", "1.3")]
    with Registry.open(ours.handle.paths.top) as again:
        found = {version.version: version for version in again.list_model_versions("m")}
        assert dict(found["1.1"].metrics) == {"f1": 0.5, "gap": 0.5}
        assert dict(found["1.2"].metrics) == {"f1": 0.6, "gap": 0.6}
        assert dict(found["1.3"].metrics) == {"f1": 0.7}
        assert found["1.3"].parents == ("1.2",)
        for number in ("1.2", "1.3"):
            assert seal_problem(found[number].manifest, required=True) is None
        assert check_registry(again.handle).problems == ()


def test_a_signature_that_stays_behind_is_named(team: Team, tmp_path: Path) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    top = ours.handle.paths.top
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", str(ssh_key(tmp_path)))):
        git(top, "config", name, value)
    ours.create_model_version("m", model_data=b"ours")
    ours.sign_model_version("m", "1.1")
    with pytest.warns(RegoloNotice, match=r"signature of 'm@1\.1' does not count for its new tag: .*1\.2"):
        pushed(ours)


def test_a_revert_follows_the_version(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.register_model("n", b"n")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"two")
    ours.create_model_version("m", model_data=b"three")
    ours.rollback_model("m", "1.1")
    pushed(ours)
    assert team.numbers("m") == ["1.0", "1.1", "1.2", "1.1"]


def test_uncommitted_work_stays(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    top = ours.handle.paths.top
    (top / "staged").write_text("staged")
    git(top, "add", "staged")
    (top / ".gitattributes").write_text((top / ".gitattributes").read_text() + "# mine\n")
    pushed(ours)
    assert status(ours).splitlines() == ["## main...origin/main", " M .gitattributes", "A  staged"]


def test_files_in_the_way_refuse_the_push(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    manifest = ours.handle.paths.top / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text() + "# mine\n")
    before = team.tags()
    with pytest.raises(Conflict, match="uncommitted changes"):
        pushed(ours)
    assert team.tags() == before


def test_one_model_goes_with_what_is_below(team: Team) -> None:
    ours = team.clone("ours")
    ours.register_model("n", b"n")
    ours.create_model_version("m", model_data=b"two")
    ours.register_model("o", b"o")
    done = pushed(ours, "m")
    assert sorted(version.reference for version in done.versions) == ["m@1.1", "n@1.0"]
    assert set(team.tags()) == {"m@v1.0", "m@v1.1", "n@v1.0"}
    assert [version.reference for version in pushed(ours).versions] == ["o@1.0"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "then",
    [
        pytest.param(("remote", "rename", "origin", "host"), id="renamed"),
        pytest.param(("commit", "-q", "--amend", "-m", "say more\n\nRegolo-Action: label"), id="amended"),
    ],
)
def test_what_a_killed_push_landed_is_not_pushed_again(
    team: Team, killing: Callable[[str], str], then: tuple[str, ...]
) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    ours.label_model_version("m", "1.1", {"of": "ours"})
    top = ours.handle.paths.top
    assert run_program(top, "push", PATH=killing("push")).returncode == -signal.SIGKILL
    git(top, *then)
    assert [(v.before, v.version) for v in pushed(ours).versions] == [("1.1", "1.2")]
    assert sorted(team.tags()) == ["m@v1.0", "m@v1.1", "m@v1.2"]
    assert git(top, "rev-parse", "main") == git(team.host, "rev-parse", "main")
    assert team.numbers("m") == ["1.0", "1.1", "1.2"]


def test_an_empty_host_gets_everything(registry: Registry, tmp_path) -> None:  # type: ignore[no-untyped-def]
    top = registry.handle.paths.top
    registry.register_model("m", b"one")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "new.git")
    git(top, "remote", "add", "origin", str(tmp_path / "new.git"))
    done = pushed(registry)
    assert (done.branches, [version.reference for version in done.versions]) == (("main",), ["m@1.0"])
    assert status(registry) == "## main...origin/main"


def test_without_a_remote_it_says_how_to_add_one(registry: Registry) -> None:
    with pytest.raises(NotFound) as caught:
        pushed(registry)
    assert caught.value.hint == "git remote add origin URL"


def test_an_unknown_model_is_an_error(team: Team) -> None:
    with pytest.raises(NotFound, match="no model 'x'"):
        pushed(team.clone("ours"), "x")


def test_a_tag_of_another_object_is_never_moved(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    git(theirs.handle.paths.top, "push", "-q", "origin", "m@v1.1")  # without its branch
    ours.create_model_version("m", model_data=b"ours")
    before = team.tags()
    done = pushed(ours)
    assert [(v.before, v.version) for v in done.versions] == [("1.1", "1.2")]
    assert before.items() <= team.tags().items()
    with pytest.raises(RegoloError, match="pushed without its branch"):
        pushed(theirs)


def test_the_path_of_a_remote_may_be_relative_to_the_work_tree(team: Team) -> None:
    ours = team.clone("ours")
    git(ours.handle.paths.top, "remote", "set-url", "origin", "../host.git")
    ours.create_model_version("m", model_data=b"two")
    assert [version.reference for version in pushed(ours).versions] == ["m@1.1"]


def test_proposals_are_pushed_until_they_are_gone(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    ours.create_model_version("m", model_data=b"two", flow="propose")
    (branch,) = pushed(ours).branches
    assert branch.startswith("propose/m@1.1")
    assert git(team.host, "rev-parse", branch) == git(ours.handle.paths.top, "rev-parse", branch)
    assert pushed(ours).branches == ()
    git(team.host, "update-ref", "-d", f"refs/heads/{branch}")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    assert pushed(ours).branches == ()


def test_pins_on_the_operations_branch_follow(registry: Registry, tmp_path: Path) -> None:
    top = registry.handle.paths.top
    registry.register_model("m", b"one")
    change_setting(registry.handle, "registry.operations", "ops")
    git(tmp_path, "clone", "-q", "--bare", str(top), "host.git")
    with ExitStack() as stack:
        team = Team(tmp_path / "host.git", top / ".git/regolo/store", stack)
        ours, theirs = team.clone("ours"), team.clone("theirs")
        theirs.create_model_version("m", model_data=b"theirs")
        theirs.promote_model_version("m", "1.1", "staging")
        pushed(theirs)
        ours.create_model_version("m", model_data=b"ours")
        ours.promote_model_version("m", "1.1", "production")
        assert pushed(ours).branches == ("main", "ops")
        with Registry.open(ours.handle.paths.top) as again:
            version = again.get_model_version("m", "1.2")
            promotions = again.handle.records().promotions().records
            found = {each.environment: (each.version, each.commit) for each in promotions}
            assert found["production"] == ("1.2", version.commit)
            assert found["staging"][0] == "1.1"
        for branch in ("main", "ops"):
            assert git(team.host, "rev-parse", branch) == git(ours.handle.paths.top, "rev-parse", branch)


@pytest.mark.parametrize("models", [(), ("m",)], ids=["everything", "one-model"])
def test_a_new_operations_branch_comes_with_its_setting(team: Team, models: tuple[str, ...]) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    change_setting(ours.handle, "registry.operations", "ops")
    ours.create_model_version("m", model_data=b"two")
    assert pushed(ours, *models).branches == ("main", "ops")
    assert pushed(ours).branches == ()
    git(theirs.handle.paths.top, "pull", "-q")
    with Registry.open(theirs.handle.paths.top) as again:
        again.promote_model_version("m", "1.1", "staging")
    assert pushed(theirs).branches == ("ops",)


def test_what_the_registry_branch_retired_is_not_promoted_on_another(
    registry: Registry, tmp_path: Path
) -> None:
    top = registry.handle.paths.top
    for name in ("m", "n"):
        registry.register_model(name, b"one")
    change_setting(registry.handle, "registry.operations", "ops")
    git(tmp_path, "clone", "-q", "--bare", str(top), "host.git")
    with ExitStack() as stack:
        team = Team(tmp_path / "host.git", top / ".git/regolo/store", stack)
        ours, theirs = team.clone("ours"), team.clone("theirs")
        git(ours.handle.paths.top, "branch", "-f", "ops", "origin/ops")
        theirs.retire_model_version("m", "1.0", reason="wrong data")
        theirs.promote_model_version("n", "1.0", "staging")
        pushed(theirs)
        ours.promote_model_version(
            "m", "1.0", "staging"
        )  # both go on with `ops`, and only theirs with `main`
        with pytest.raises(Conflict, match=r"'staging' uses 'm@1\.0', which is retired"):
            pushed(ours)


def test_a_version_on_two_branches_gets_one_number(registry: Registry, tmp_path: Path) -> None:
    top = registry.handle.paths.top
    registry.register_model("m", b"one")
    change_setting(registry.handle, "registry.operations", "ops")
    git(tmp_path, "clone", "-q", "--bare", str(top), "host.git")
    with ExitStack() as stack:
        team = Team(tmp_path / "host.git", top / ".git/regolo/store", stack)
        ours, theirs = team.clone("ours"), team.clone("theirs")
        theirs.create_model_version("m", model_data=b"theirs")
        theirs.promote_model_version("m", "1.1", "staging")
        pushed(theirs)
        ours.create_model_version("m", model_data=b"ours")
        git(ours.handle.paths.top, "branch", "-f", "ops", "main")
        ours.promote_model_version("m", "1.1", "production")
        done = pushed(ours)
        assert [(v.before, v.version) for v in done.versions] == [("1.1", "1.2")]
        assert sorted(team.tags()) == ["m@v1.0", "m@v1.1", "m@v1.2"]
        assert git(team.host, "rev-parse", "m@v1.2^{}") == git(team.host, "rev-parse", "main")
        path = "models/m/manifest.toml"
        assert git(team.host, "show", f"ops:{path}") == git(team.host, "show", f"main:{path}")
        with Registry.open(ours.handle.paths.top) as again:
            promotion = again.handle.records().promotion("production", "m")
            assert promotion is not None
            assert promotion.commit == again.get_model_version("m", "1.2").commit
        assert pushed(ours).branches == ()


def test_the_branch_that_one_works_on_is_pushed_with_its_versions(team: Team) -> None:
    ours = team.clone("ours")
    top = ours.handle.paths.top
    git(top, "switch", "-qc", "topic")
    assert pushed(ours).branches == ()
    ours.create_model_version("m", model_data=b"two")
    assert pushed(ours).branches == ("topic",)
    ours.create_model_version("m", model_data=b"three")
    assert pushed(ours).branches == ("topic",)
    assert git(team.host, "rev-parse", "topic") == git(top, "rev-parse", "topic")
    assert set(team.tags()) == {"m@v1.0"}


def test_another_branch_at_the_remote_is_not_replaced_and_the_note_says_how(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    ours.create_model_version("m", model_data=b"two", flow="propose")
    (branch,) = pushed(ours).branches
    top = theirs.handle.paths.top
    git(top, "switch", "-q", "-c", branch)
    git(top, "commit", "-q", "--allow-empty", "-m", "mine")
    step = rf"\(git push --force-with-lease origin {branch.replace('+', '[+]')} replaces theirs\)"
    with pytest.warns(RegoloNotice, match=f"another branch '.*': yours was not pushed {step}"):
        assert pushed(theirs).branches == ()
