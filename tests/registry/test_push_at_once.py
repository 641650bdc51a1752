"""A change with `push` is at the remote and here, or nowhere."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import clone, git
from support.program import run_program
from support.servers.git_http import PASSWORD, USER, GitHttp

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, RegoloError, TransportError
from regolo_git.git.lock import exchange_lock
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.environments.promote import promote
from regolo_git.registry.sync.proposals import proposals_to_push
from regolo_git.registry.sync.remote_state import ask
from regolo_git.registry.sync.unpushed import find_unpushed
from regolo_git.registry.version_status import read_statuses


class Team:
    """A remote, and two clones of it with one store; `m` has versions 1.0 and 1.1."""

    def __init__(self, registered: Registry, place: Path) -> None:
        self.place, self.store = place, registered.handle.store_url
        self.remote = place / "remote.git"
        git(place, "clone", "-q", "--bare", str(registered.handle.paths.top), str(self.remote))
        self.ada, self.bob = self.clone("ada"), self.clone("bob")

    def clone(self, name: str) -> Registry:
        top = clone(self.remote, self.place / name)
        git(top, "config", "regolo.store", self.store)
        return Registry.open(top)

    def at_remote(self, revision: str) -> str:
        return git(self.remote, "rev-parse", revision).strip()

    def hook(self, name: str, script: str) -> None:
        """A hook of the remote."""
        write_hook(self.remote / "hooks" / name, script)


def write_hook(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def heads(registry: Registry) -> str:
    return git(top_of(registry), "for-each-ref", "refs/heads", "refs/tags")


def top_of(registry: Registry) -> Path:
    return registry.handle.paths.top


def here(registry: Registry, revision: str) -> str:
    return git(top_of(registry), "rev-parse", revision).strip()


@pytest.fixture
def team(registered: Registry, tmp_path: Path) -> Iterator[Team]:
    made = Team(registered, tmp_path)
    yield made
    made.ada.close()
    made.bob.close()


@pytest.fixture
def separate(registered: Registry, tmp_path: Path) -> Iterator[Team]:
    """The same with an operations branch `ops`."""
    change_setting(registered.handle, "registry.operations", "ops")
    made = Team(registered, tmp_path)
    yield made
    made.ada.close()
    made.bob.close()


def test_a_promotion_is_at_the_remote_and_here(team: Team) -> None:
    done = promote(team.ada.handle, Reference.parse("m@1.0"), "production", push=True)
    assert done.pushed_to == "origin"
    assert team.at_remote("main") == here(team.ada, "main") == here(team.ada, "origin/main") == done.commit
    assert (top_of(team.ada) / "environments/production/m.toml").is_file()
    assert git(top_of(team.ada), "status", "--porcelain") == ""


def test_every_change_of_what_runs_can_be_pushed(separate: Team) -> None:
    ada = separate.ada
    ada.create_endpoint("e", "m", "1.0", push=True)
    ada.update_endpoint_traffic("e", {"1.0": 50, "1.1": 50}, push=True)
    ada.rollback_endpoint("e", "1.1", push=True)
    ada.promote_model_version("m", "1.0", "staging", push=True)
    ada.demote_model_version("m", "staging", push=True)
    assert separate.at_remote("ops") == here(ada, "ops")
    assert git(separate.remote, "log", "--format=%s", "main..ops").splitlines() == [
        "demote m@1.0 from staging",
        "promote m@1.0 to staging",
        "rollback e: 1.1=100%",
        "traffic e: 1.0=50% 1.1=50%",
        "create endpoint e on m@1.0",
    ]
    ada.delete_endpoint("e", push=True)
    ada.retire_model_version("m", "1.1", reason="wrong data", push=True)
    assert separate.at_remote("main") == here(ada, "main")
    assert git(separate.remote, "log", "-1", "--format=%s", "main") == "retire m@1.1\n"


def test_pushed_versions_of_others_come_first(team: Team) -> None:
    team.bob.create_model_version("m", model_data=b"three")
    git(top_of(team.bob), "push", "-q", "--follow-tags")
    team.ada.promote_model_version("m", "1.2", "production", push=True)
    assert here(team.ada, "main~1") == here(team.bob, "main")
    assert here(team.ada, "m@v1.2") == here(team.bob, "m@v1.2")


def test_a_lost_race_is_repeated_on_the_new_tip(team: Team) -> None:
    # Bob is faster: his push lands while that of Ada is under way.
    turn = team.place / "turn"
    turn.touch()
    script = f"[ -f {turn} ] || exit 0\nrm {turn}\ncd {top_of(team.bob)} && unset GIT_DIR && git push -q"
    write_hook(top_of(team.ada) / ".git/hooks/pre-push", script)
    team.bob.promote_model_version("m", "1.0", "staging")
    team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert not turn.exists()
    assert team.at_remote("main") == here(team.ada, "main")
    assert here(team.ada, "main~1") == here(team.bob, "main")


def test_the_rules_are_asked_again_on_the_new_tip(team: Team) -> None:
    turn = team.place / "turn"
    turn.touch()
    script = f"[ -f {turn} ] || exit 0\nrm {turn}\ncd {top_of(team.bob)} && unset GIT_DIR && git push -q"
    write_hook(top_of(team.ada) / ".git/hooks/pre-push", script)
    team.bob.retire_model_version("m", "1.0", reason="wrong data")
    with pytest.raises(RegoloError, match="is retired"):
        team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert team.at_remote("main") == here(team.bob, "main") == here(team.ada, "main")


def test_of_what_a_hook_refuses_nothing_stays(team: Team) -> None:
    team.ada.create_endpoint("e", "m", "1.0", push=True)
    team.hook("pre-receive", "echo 'main is frozen until Monday'; exit 1")
    before, refs = git(team.remote, "for-each-ref"), heads(team.ada)
    with pytest.raises(
        TransportError, match=r"main is frozen until Monday.*nothing was changed in this clone"
    ):
        team.ada.rollback_endpoint("e", "1.1", push=True)
    assert (git(team.remote, "for-each-ref"), heads(team.ada)) == (before, refs)
    assert team.ada.get_endpoint("e").whole == "1.0"
    assert git(top_of(team.ada), "status", "--porcelain") == ""
    (team.remote / "hooks/pre-receive").unlink()
    team.ada.rollback_endpoint("e", "1.1", push=True)


def test_a_race_that_never_ends_is_given_up(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regolo_git.registry.push_at_once.ATTEMPTS", 2)
    push = "git commit -q --allow-empty -m more && git push -q"
    write_hook(top_of(team.ada) / ".git/hooks/pre-push", f"cd {top_of(team.bob)} && unset GIT_DIR && {push}")
    with pytest.raises(Conflict, match="others keep pushing to branch 'main'"):
        team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert team.at_remote("main") == here(team.bob, "main")
    with pytest.raises(NotFound):
        team.ada.get_model_version("m", "production")


def test_a_remote_that_is_not_there_changes_nothing(team: Team) -> None:
    team.remote.rename(team.place / "elsewhere")
    refs = heads(team.ada)
    with pytest.raises(RegoloError, match="remote 'origin'"):
        team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert heads(team.ada) == refs


def test_commits_that_were_not_pushed_are_not_taken_along(team: Team) -> None:
    team.ada.promote_model_version("m", "1.0", "staging")
    refs = heads(team.ada)
    with pytest.raises(Conflict, match="branch 'main' has 1 commit that 'origin' lacks") as caught:
        team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert caught.value.hint == Hint("push")
    assert heads(team.ada) == refs


def test_a_version_that_was_not_pushed_is_not_promoted_there(separate: Team) -> None:
    separate.ada.create_model_version("m", model_data=b"three")
    before = separate.at_remote("ops")
    with pytest.raises(Conflict, match=r"'m@1\.2' was not pushed to 'origin'") as caught:
        separate.ada.promote_model_version("m", "1.2", "production", push=True)
    assert caught.value.hint == Hint("push", "m")
    assert separate.at_remote("ops") == before
    git(top_of(separate.ada), "push", "-q", "--follow-tags")
    separate.ada.promote_model_version("m", "1.2", "production", push=True)


def test_another_version_of_that_number_is_named(separate: Team) -> None:
    separate.bob.create_model_version("m", model_data=b"by Bob")
    separate.ada.create_model_version("m", model_data=b"by Ada")
    git(top_of(separate.bob), "push", "-q", "--follow-tags")
    with pytest.raises(Conflict, match=r"remote 'origin' has another tag 'm@v1\.2'") as caught:
        separate.ada.create_endpoint("e", "m", "1.2", push=True)
    assert caught.value.hint == Hint("renumber", "m@1.2")


def test_changed_files_in_the_way_are_found_before_the_push(team: Team) -> None:
    team.ada.promote_model_version("m", "1.0", "production", push=True)
    place, before = top_of(team.ada) / "environments/production/m.toml", team.at_remote("main")
    place.write_text(place.read_text() + "# mine\n")
    with pytest.raises(Conflict, match="has uncommitted changes"):
        team.ada.promote_model_version("m", "1.1", "production", push=True)
    assert team.at_remote("main") == before
    # Nor can the branch follow what others have pushed.
    team.bob.promote_model_version("m", "1.1", "production", push=True)
    with (
        pytest.warns(match="branch 'main' was not fast-forwarded"),
        pytest.raises(Conflict, match="branch 'main' is behind 'origin/main'"),
    ):
        team.ada.promote_model_version("m", "1.0", "staging", push=True)
    assert place.read_text().endswith("# mine\n")


def test_the_registry_branch_may_have_work_of_its_own(separate: Team) -> None:
    ada = separate.ada
    ada.create_model_version("m", model_data=b"not pushed")
    ada.promote_model_version("m", "1.1", "production", push=True)
    assert separate.at_remote("ops") == here(ada, "ops")


def test_an_operations_branch_that_only_this_clone_has(team: Team) -> None:
    change_setting(team.ada.handle, "registry.operations", "ops")
    team.ada.promote_model_version("m", "1.1", "production", push=True)
    assert team.at_remote("ops") == here(team.ada, "ops") == here(team.ada, "origin/ops")
    assert here(team.ada, "ops^") == team.at_remote("main")


def test_a_proposal_is_pushed_to_its_branch(team: Team) -> None:
    before = team.at_remote("main")
    team.ada.promote_model_version("m", "1.1", "production", propose=True, push=True)
    branch = "operate/production/m@1.1"
    assert team.at_remote(branch) == here(team.ada, branch)
    assert team.at_remote("main") == before
    with pytest.raises(Conflict, match=f"remote 'origin' has a branch '{branch}' already"):
        team.bob.promote_model_version("m", "1.1", "production", message="mine", propose=True, push=True)
    assert branch not in heads(team.bob)


def test_the_setting_decides_where_nothing_is_said(team: Team) -> None:
    top = top_of(team.ada)
    git(top, "config", "regolo.push", "always")
    team.ada.promote_model_version("m", "1.0", "production")
    assert team.at_remote("main") == here(team.ada, "main")
    team.ada.promote_model_version("m", "1.0", "staging", push=False)
    assert team.at_remote("main") == here(team.ada, "main~1")
    git(top, "config", "regolo.push", "sometimes")
    with pytest.raises(InvalidInput, match=r"'regolo\.push' is 'sometimes'") as caught:
        team.ada.promote_model_version("m", "1.1", "staging")
    assert caught.value.hint == Hint("config", "--local", "regolo.push", "always")


def test_a_clone_without_a_remote(registered: Registry) -> None:
    with pytest.raises(NotFound, match="no remote to push to"):
        registered.promote_model_version("m", "1.0", "production", push=True)
    git(top_of(registered), "config", "regolo.push", "always")
    registered.promote_model_version("m", "1.0", "production")


def test_all_land_where_several_promote_at_once(team: Team) -> None:
    clones = [top_of(team.ada), top_of(team.bob), top_of(team.clone("eve"))]

    def promotions(number: int) -> None:
        for environment in ("staging", "production"):
            change = "promote", f"m@1.{number % 2}", environment, "--push", f"-mby {number} in {environment}"
            done = run_program(clones[number], *change)
            assert done.returncode in (0, 4), done.stderr
            assert done.returncode == 0 or "already promoted" in done.stderr, done.stderr

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(promotions, range(3)))
    subjects = git(team.remote, "log", "--format=%s", "--grep=^by ", "main").splitlines()
    assert len(set(subjects)) == len(subjects)
    assert len(subjects) >= 4  # two of them promote the same version
    for clone_of in clones:
        git(clone_of, "pull", "-q", "--ff-only")
        assert git(clone_of, "rev-parse", "main").strip() == team.at_remote("main")
        assert git(clone_of, "status", "--porcelain") == ""


def test_all_land_where_several_processes_of_one_clone_promote(team: Team) -> None:
    top = top_of(team.ada)

    def promotions(number: int) -> None:
        for version in ("1.1", "1.0"):
            place = f"place-{'abcd'[number]}"
            done = run_program(top, "promote", f"m@{version}", place, "--push", "--yes")
            assert done.returncode == 0, done.stderr

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(promotions, range(4)))
    assert git(team.remote, "log", "--format=%s", "--grep=to place-", "main").count("\n") == 8
    assert here(team.ada, "main") == here(team.ada, "origin/main") == team.at_remote("main")


def test_a_change_does_not_wait_for_the_bytes_of_a_push(team: Team) -> None:
    with exchange_lock(team.ada.handle.paths):
        done = run_program(top_of(team.ada), "promote", "m@1.1", "production", "--push")
    assert done.returncode == 0, done.stderr
    assert team.at_remote("main") == here(team.ada, "main") == here(team.ada, "origin/main")


def test_another_process_of_the_clone_may_push_between_the_fetch_and_the_commit(team: Team) -> None:
    others = ["staging"]

    def meanwhile(_: object) -> None:
        while others:
            assert run_program(top_of(team.ada), "promote", "m@1.0", others.pop(), "--push").returncode == 0

    promote(team.ada.handle, Reference.parse("m@1.1"), "production", push=True, on_progress=meanwhile)
    assert not others
    assert team.at_remote("main") == here(team.ada, "main")
    assert git(team.remote, "log", "-2", "--format=%s", "main").split("\n")[:2] == [
        "promote m@1.1 to production",
        "promote m@1.0 to staging",
    ]


def test_a_connection_that_breaks_after_the_push_is_asked_again(team: Team) -> None:
    team.hook("reference-transaction", '[ "$1" != committed ] || kill -9 $PPID')
    team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert team.at_remote("main") == here(team.ada, "main")


def test_a_change_is_pushed_without_the_program_git(
    separate: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    separate.bob.promote_model_version("m", "1.0", "staging", push=True)
    (tmp_path / "programs").mkdir()
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path / "programs"))
        separate.ada.promote_model_version("m", "1.1", "production", push=True)
        separate.ada.create_endpoint("e", "m", "1.1", push=True)
    assert separate.at_remote("ops") == here(separate.ada, "ops") == here(separate.ada, "origin/ops")
    assert here(separate.ada, "ops~2") == here(separate.bob, "ops")


@pytest.mark.slow
def test_all_land_over_http(separate: Team, isolated: Path) -> None:
    helper = f"!f() {{ echo username={USER}; echo 'password={PASSWORD}'; }}; f"
    git(isolated, "config", "--global", "credential.helper", helper)
    separate.ada.create_endpoint("e", "m", "1.0", push=True)
    with GitHttp(separate.place).running() as server:
        git(separate.remote, "config", "http.receivepack", "true")
        clones = [top_of(separate.clone(f"clone-{number}")) for number in range(5)]
        for top in clones:
            git(top, "remote", "set-url", "origin", server.url(separate.remote))

        def changes(number: int) -> None:
            for turn in range(3):
                share = 10 * number + turn + 1  # another one each time
                split = f"1.0={100 - share}", f"1.1={share}"
                done = run_program(clones[number], "traffic", "e", *split, "--push", f"-mto {share}")
                assert done.returncode == 0, done.stderr

        with ThreadPoolExecutor(5) as pool:
            list(pool.map(changes, range(5)))
    subjects = git(separate.remote, "log", "--format=%s", "--grep=^to ", "ops").splitlines()
    assert len(subjects) == len(set(subjects)) == 15
    git(separate.remote, "fsck", "--strict")


def test_the_status_counts_the_operations_that_were_not_pushed(separate: Team) -> None:
    def unpushed() -> tuple[int, str | None, int]:
        found = find_unpushed(separate.ada.handle, read_statuses(separate.ada.handle))
        assert found is not None
        return found.commits, found.operations, found.operations_commits

    assert unpushed() == (0, "ops", 0)
    separate.ada.promote_model_version("m", "1.0", "staging")
    separate.ada.promote_model_version("m", "1.1", "staging")
    assert unpushed() == (0, "ops", 2)
    separate.ada.push()
    assert unpushed() == (0, "ops", 0)
    separate.ada.promote_model_version("m", "1.1", "production", push=True)
    assert unpushed() == (0, "ops", 0)


def test_a_branch_that_is_locked_here_follows_later(separate: Team) -> None:
    ada = separate.ada
    ada.promote_model_version("m", "1.0", "staging", push=True)
    lock = top_of(ada) / ".git/refs/heads/ops.lock"
    lock.touch()
    with pytest.warns(match="'origin' has commit .* now, but branch 'ops' here could not follow"):
        ada.promote_model_version("m", "1.0", "production", push=True)
    lock.unlink()
    assert git(separate.remote, "log", "-1", "--format=%s", "ops") == "promote m@1.0 to production\n"
    assert ada.get_model_version("m", "production").version == "1.0"  # as `origin` has it
    ada.promote_model_version("m", "1.1", "production", push=True)
    assert separate.at_remote("ops") == here(ada, "ops")


def test_a_proposed_promotion_proposes_no_version(separate: Team) -> None:
    ada = separate.ada
    ada.create_model_version("m", model_data=b"three")
    ada.push()
    ada.promote_model_version("m", "1.1", "production", propose=True)
    (proposal,) = proposals_to_push(ada.handle, ask(ada.handle, "origin"), (), ())
    assert (proposal.branch, proposal.manifests) == ("operate/production/m@1.1", ())
    ada.push()
    # Once it is merged and its branch is gone, it is not pushed again.
    git(separate.remote, "update-ref", "refs/heads/ops", f"refs/heads/{proposal.branch}")
    git(separate.remote, "branch", "-D", proposal.branch)
    git(top_of(ada), "fetch", "-q", "--prune")
    assert proposals_to_push(ada.handle, ask(ada.handle, "origin"), (), ()) == []


def test_a_branch_that_was_rewritten_is_named_with_the_command_that_follows_it(team: Team) -> None:
    team.ada.promote_model_version("m", "1.0", "staging", push=True)
    git(top_of(team.bob), "push", "-q", "--force", "origin", "HEAD:main")
    git(top_of(team.ada), "commit", "-q", "--allow-empty", "-m", "mine")
    words = "branch 'main' of 'origin' was rewritten: it lacks 1 commit that it had"
    with pytest.raises(Conflict, match=words) as caught:
        team.ada.promote_model_version("m", "1.0", "production", push=True)
    assert caught.value.hint == "git pull --rebase"
    git(top_of(team.ada), "pull", "-q", "--rebase")
    # What was taken away there is not brought back, and what is hers is still here.
    assert here(team.ada, "HEAD~1") == team.at_remote("main")
    assert git(top_of(team.ada), "log", "-1", "--format=%s") == "mine\n"
