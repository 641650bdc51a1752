"""Environments and endpoints on a branch of their own: everything reads and writes them there."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import clone, commit_files, git
from support.needs import present_needs

from regolo_git.api import Registry
from regolo_git.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    NotFound,
    PolicyRefused,
    RegoloNotice,
)
from regolo_git.hints import Hint
from regolo_git.maintenance.doctor import examine
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.records.config import RegistryConfig
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.endpoints.history import endpoint_history
from regolo_git.registry.environments.history import promotion_history
from regolo_git.registry.handle import Handle
from regolo_git.registry.needed_manifests import needed_manifests
from regolo_git.registry.reachable import Need
from regolo_git.registry.version_status import read_statuses
from regolo_git.serving.registry_source import RegistrySource


@pytest.fixture
def separate(registered: Registry, once: Once) -> Registry:
    """Versions 1.0 and 1.1 of `m`; 1.0 is in staging from before the operations branch `ops`."""

    def build() -> None:
        registered.promote_model_version("m", "1.0", "staging")
        change_setting(registered.handle, "registry.operations", "ops")

    once(build)
    return registered


@pytest.fixture
def colleague(separate: Registry, tmp_path: Path) -> Iterator[Registry]:
    """A clone of it that shares its store."""
    top = clone(separate.handle.paths.top, tmp_path / "colleague")
    git(top, "config", "regolo.store", separate.handle.store_url)
    with Registry.open(top) as opened:
        yield opened


def tip(registry: Registry, name: str) -> str:
    return git(registry.handle.paths.top, "rev-parse", name).strip()


def test_every_operation_is_committed_there_and_read_there(separate: Registry) -> None:
    top, main = separate.handle.paths.top, tip(separate, "main")
    separate.promote_model_version("m", "1.1", "production")
    separate.create_endpoint("e", "m", "1.0", "production")
    separate.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    separate.rollback_endpoint("e", "1.1")
    separate.create_endpoint("gone", "m", "1.0")
    separate.delete_endpoint("gone")
    separate.demote_model_version("m", "staging")
    assert tip(separate, "main") == main
    assert git(top, "log", "--format=%s", "main..ops").splitlines() == [
        "demote m@1.0 from staging",
        "delete endpoint gone",
        "create endpoint gone on m@1.0",
        "rollback e: 1.1=100%",
        "traffic e: 1.0=90% 1.1=10%",
        "create endpoint e on m@1.0",
        "promote m@1.1 to production",
    ]
    assert separate.get_model_version("m", "production").version == "1.1"
    assert [endpoint.endpoint for endpoint in separate.list_endpoints()] == ["e"]
    with pytest.raises(NotFound, match="no version of 'm' is promoted to 'staging'"):
        separate.get_model_version("m", "staging")
    assert git(top, "status", "--porcelain") == ""


def test_the_branch_starts_with_what_there_was_and_its_history(separate: Registry) -> None:
    handle = separate.handle
    assert handle.operations_branch() == "ops"
    assert separate.get_model_version("m", "staging").version == "1.0"
    separate.promote_model_version("m", "1.1", "staging")
    events = promotion_history(handle, "m")
    assert [(event.environment, event.promotion and event.promotion.version) for event in events] == [
        ("staging", "1.1"),
        ("staging", "1.0"),
    ]
    separate.create_endpoint("e", "m", "1.0")
    assert [event.action for event in endpoint_history(handle, "e")] == ["create-endpoint"]


def test_a_requirement_counts_promotions_on_that_branch(separate: Registry) -> None:
    change_setting(separate.handle, "environments.production.requires", ["staging"])
    with pytest.raises(PolicyRefused, match="must be promoted to 'staging' first"):
        separate.promote_model_version("m", "1.1", "production")
    separate.promote_model_version("m", "1.1", "staging")
    separate.promote_model_version("m", "1.1", "production")


def test_a_version_in_use_there_is_not_retired(separate: Registry) -> None:
    separate.promote_model_version("m", "1.1", "production")
    with pytest.raises(PolicyRefused, match=r"'m@1\.1' is in use by environment 'production'"):
        separate.retire_model_version("m", "1.1", reason="wrong data")
    separate.demote_model_version("m", "production")
    before = tip(separate, "ops")
    separate.retire_model_version("m", "1.1", reason="wrong data")
    assert tip(separate, "ops") == before
    with pytest.raises(PolicyRefused, match="is retired"):
        separate.promote_model_version("m", "1.1", "production")


def test_what_the_registry_branch_still_has_counts_no_more(separate: Registry) -> None:
    separate.demote_model_version("m", "staging")
    assert tip(separate, "main:environments/staging/m.toml")
    assert read_statuses(separate.handle).of("m", "1.0.0") == "ready"
    manifest = tip(separate, "m@v1.0:models/m/manifest.toml")
    separate.retire_model_version("m", "1.0", reason="wrong data")
    needs = [need.manifest.version for need in present_needs(separate.handle) if isinstance(need, Need)]
    assert needs == ["1.1"]
    assert manifest not in needed_manifests(separate.handle).oids


def test_the_manifests_that_it_started_with_keep_no_bytes(separate: Registry) -> None:
    separate.create_model_version("m", model_data=b"three")
    manifest = tip(separate, "ops:models/m/manifest.toml")
    separate.retire_model_version("m", "1.1", reason="wrong data")
    needed = {need.manifest.version for need in present_needs(separate.handle) if isinstance(need, Need)}
    assert needed == {"1.0", "1.2"}
    assert manifest not in needed_manifests(separate.handle).oids


def test_statuses_follow_both_branches(separate: Registry) -> None:
    def environments() -> dict[str, str]:
        with Registry.open(separate.handle.paths.top) as opened:
            return dict(opened.list_models()[0].environments)

    assert environments() == environments() == {"staging": "1.0"}
    separate.promote_model_version("m", "1.1", "production")
    assert environments() == environments() == {"staging": "1.0", "production": "1.1"}
    git(separate.handle.paths.top, "branch", "-f", "ops", "ops~1")
    assert environments() == {"staging": "1.0"}


def test_a_proposal_starts_there(separate: Registry) -> None:
    separate.promote_model_version("m", "1.0", "production")
    separate.promote_model_version("m", "1.1", "production", propose=True)
    assert tip(separate, "operate/production/m@1.1^") == tip(separate, "ops")
    assert separate.get_model_version("m", "production").version == "1.0"


def test_a_work_tree_of_the_branch_gets_the_files(separate: Registry, tmp_path: Path) -> None:
    place = tmp_path / "operations"
    git(separate.handle.paths.top, "worktree", "add", "-q", str(place), "ops")
    with Registry.open(place) as there:
        there.promote_model_version("m", "1.1", "production")
    assert 'version = "1.1"' in (place / "environments/production/m.toml").read_text()
    assert git(place, "status", "--porcelain") == ""


def test_an_environment_is_declared_where_the_rules_are(separate: Registry) -> None:
    before = tip(separate, "ops"), tip(separate, "main")
    with pytest.raises(InvalidInput, match="unknown environment 'canary'") as caught:
        separate.promote_model_version("m", "1.1", "canary", new_environment=True)
    assert caught.value.hint == Hint("config", "environments.canary.replicas", "1")
    assert (tip(separate, "ops"), tip(separate, "main")) == before
    change_setting(separate.handle, "environments.canary.replicas", 1)
    separate.promote_model_version("m", "1.1", "canary")


def test_the_server_follows_that_branch(separate: Registry, tmp_path: Path) -> None:
    separate.create_endpoint("e", "m", "1.0")
    source = RegistrySource(lambda: Handle.open(separate.handle.paths.top, os.environ), tmp_path / "files")
    assert source.head() == tip(separate, "ops")
    assert list(source.endpoints(source.head()).by_name) == ["e"]


# -- clones -----------------------------------------------------------------------------------------------


def test_a_clone_reads_the_branch_as_last_fetched_and_continues_it(
    separate: Registry, colleague: Registry
) -> None:
    top = colleague.handle.paths.top
    assert colleague.get_model_version("m", "staging").version == "1.0"
    colleague.promote_model_version("m", "1.1", "production")
    assert tip(colleague, "ops^") == tip(colleague, "origin/ops")
    git(top, "push", "-q", "origin", "ops")
    assert separate.get_model_version("m", "production").version == "1.1"


def test_a_branch_that_is_behind_is_read_and_continued_at_the_remote(
    separate: Registry, colleague: Registry
) -> None:
    top = colleague.handle.paths.top
    git(top, "branch", "-q", "ops", "origin/ops")
    separate.promote_model_version("m", "1.1", "production")
    git(top, "fetch", "-q")
    assert colleague.get_model_version("m", "production").version == "1.1"
    assert read_statuses(colleague.handle).of("m", "1.1.0") == "production"
    colleague.promote_model_version("m", "1.1", "staging")
    assert tip(colleague, "ops^") == tip(separate, "ops")


def test_a_branch_with_commits_of_its_own_is_read_here(separate: Registry, colleague: Registry) -> None:
    colleague.promote_model_version("m", "1.1", "production")
    separate.promote_model_version("m", "1.0", "production")
    git(colleague.handle.paths.top, "fetch", "-q")
    assert colleague.get_model_version("m", "production").version == "1.1"


@pytest.fixture
def narrow(separate: Registry, tmp_path: Path) -> Iterator[Registry]:
    """A clone of the registry branch alone, with its tags."""
    top = clone(separate.handle.paths.top, tmp_path / "narrow", "--single-branch", "--branch=main")
    git(top, "config", "regolo.store", separate.handle.store_url)
    with Registry.open(top) as opened:
        yield opened


def test_a_clone_without_the_branch_refuses_what_needs_it(narrow: Registry) -> None:
    top = narrow.handle.paths.top
    before = git(top, "for-each-ref")
    for call in (
        narrow.list_endpoints,
        lambda: narrow.get_model_version("m", "staging"),
        lambda: narrow.promote_model_version("m", "1.1", "production"),
        lambda: narrow.create_endpoint("e", "m", "1.1"),
        lambda: narrow.retire_model_version("m", "1.1", reason="wrong data"),
        lambda: narrow.get_promotion_history("m"),
    ):
        with pytest.raises(NotFound, match="the operations branch 'ops' is not in this clone") as caught:
            call()
    assert git(top, "for-each-ref") == before
    unknown = [need for need in present_needs(narrow.handle) if not isinstance(need, Need)]
    assert [need.reason for need in unknown] == ["the operations branch"]
    command, _, otherwise = str(caught.value.hint).partition("   (")
    assert otherwise == "or, if nobody has created it yet, git branch ops main)"
    git(top, *command.split()[1:])
    assert narrow.get_model_version("m", "staging").version == "1.0"


def test_a_clone_without_the_branch_says_so_and_does_the_rest(narrow: Registry) -> None:
    top = narrow.handle.paths.top
    for _ in range(2):  # nothing of it is cached
        with (
            Registry.open(top) as opened,
            pytest.warns(
                RegoloNotice, match="environments and endpoints are not known: the operations branch"
            ),
        ):
            assert not opened.list_models()[0].environments
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert narrow.get_model_version("m", "1.0").status == "ready"
        assert narrow.create_model_version("m", model_data=b"three").version == "1.2"
        assert not check_registry(narrow.handle).problems
    git(top, "fetch", "-q", "origin", "ops:ops")
    with Registry.open(top) as opened:
        assert dict(opened.list_models()[0].environments) == {"staging": "1.0"}


def test_a_branch_that_was_never_created_is_asked_for(registered: Registry) -> None:
    top = registered.handle.paths.top
    text = (top / ".regolo/config.toml").read_text()
    commit_files(top, {".regolo/config.toml": text.replace("[registry]", '[registry]\noperations = "ops"')})
    with pytest.raises(NotFound) as caught:
        registered.promote_model_version("m", "1.0", "production")
    git(top, *str(caught.value.hint).split()[1:])
    registered.promote_model_version("m", "1.0", "production")
    assert tip(registered, "ops^") == tip(registered, "main")


# -- the setting ------------------------------------------------------------------------------------------


def test_setting_it_creates_the_branch_where_the_operations_are(registered: Registry) -> None:
    before = tip(registered, "main")
    change_setting(registered.handle, "registry.operations", "team/ops")
    assert tip(registered, "team/ops") == before
    registered.promote_model_version("m", "1.0", "production")
    change_setting(registered.handle, "registry.operations", "live")
    assert tip(registered, "live") == tip(registered, "team/ops")
    assert registered.get_model_version("m", "production").version == "1.0"


@pytest.mark.parametrize("name", ["-ops", "a..b", "a b", "ops.lock", "ops/", "@", "HEAD", "a@{1}", ""])
def test_a_name_that_git_refuses_is_refused(registered: Registry, name: str) -> None:
    refs = git(registered.handle.paths.top, "for-each-ref")
    with pytest.raises((InvalidInput, Conflict)):
        change_setting(registered.handle, "registry.operations", name)
    assert git(registered.handle.paths.top, "for-each-ref") == refs


def test_a_line_cannot_be_the_operations_branch(registered: Registry) -> None:
    change_setting(registered.handle, "registry.lines", ["release/*"])
    refs = git(registered.handle.paths.top, "for-each-ref")
    with pytest.raises(InvalidInput, match="is one of the lines"):
        change_setting(registered.handle, "registry.operations", "release/1.x")
    assert git(registered.handle.paths.top, "for-each-ref") == refs


def test_a_branch_with_other_records_would_hide_them(registered: Registry) -> None:
    top = registered.handle.paths.top
    git(top, "branch", "ops")
    registered.promote_model_version("m", "1.0", "production")
    refs = git(top, "for-each-ref")
    with pytest.raises(Conflict, match="branch 'ops' has other environments and endpoints"):
        change_setting(registered.handle, "registry.operations", "ops")
    assert git(top, "for-each-ref") == refs
    git(top, "branch", "-f", "ops", "main")
    change_setting(registered.handle, "registry.operations", "ops")
    assert registered.get_model_version("m", "production").version == "1.0"


def test_going_back_to_one_branch_waits_for_the_merge(separate: Registry) -> None:
    top = separate.handle.paths.top
    separate.promote_model_version("m", "1.1", "production")
    with pytest.raises(Conflict, match="branch 'main' has other environments and endpoints"):
        change_setting(separate.handle, "registry.operations", None)
    git(top, "merge", "-q", "--no-edit", "ops")
    change_setting(separate.handle, "registry.operations", None)
    assert separate.get_model_version("m", "production").version == "1.1"
    separate.promote_model_version("m", "1.0", "production")
    assert tip(separate, "main:environments") != tip(separate, "ops:environments")
    history = promotion_history(separate.handle, "m", "production")
    assert [event.promotion and event.promotion.version for event in history] == ["1.0", "1.1"]


def test_the_registry_branch_itself_is_no_other_branch() -> None:
    assert (
        RegistryConfig.parse('format = 1\n[registry]\nbranch = "main"\noperations = "main"\n').operations
        is None
    )
    with pytest.raises(IntegrityError, match="cannot be the name"):
        RegistryConfig.parse('format = 1\n[registry]\noperations = "a..b"\n')


def test_the_doctor_names_operations_on_the_other_branch(separate: Registry) -> None:
    top = separate.handle.paths.top

    def findings() -> list[str]:
        return [
            found.what for found in examine(separate.handle, dry_run=True) if "environments" in found.what
        ]

    separate.promote_model_version("m", "1.1", "production")
    separate.create_model_version("m", model_data=b"three")
    assert findings() == []
    (top / "environments/staging/m.toml").unlink()
    git(top, "commit", "-qam", "demote by hand")
    assert findings() == ["branch 'main' has changes of environments or endpoints that 'ops' lacks"]
    git(top, "switch", "-q", "ops")
    git(top, "merge", "-q", "--no-edit", "main")
    assert findings() == []
    with pytest.raises(NotFound):
        separate.get_model_version("m", "staging")


def test_a_version_that_was_retired_and_promoted_at_once_is_found(
    separate: Registry, colleague: Registry
) -> None:
    colleague.promote_model_version("m", "1.1", "production")
    separate.retire_model_version("m", "1.1", reason="wrong data")
    git(colleague.handle.paths.top, "push", "-q", "origin", "ops")
    problems = [str(problem) for problem in check_registry(separate.handle).problems]
    assert len(problems) == 1
    assert "'m@1.1', which is retired" in problems[0]


def test_a_renumbered_version_keeps_its_environments(separate: Registry) -> None:
    separate.create_model_version("m", model_data=b"three")
    separate.promote_model_version("m", "1.2", "production")
    renumbered = separate.renumber_model_version("m", "1.2")
    assert separate.get_model_version("m", "production").version == renumbered.version
    assert separate.handle.records().promotion("production", "m") is not None
    files = git(separate.handle.paths.top, "ls-tree", "--name-only", "-r", "main", "environments").split()
    assert files == ["environments/staging/m.toml"]
