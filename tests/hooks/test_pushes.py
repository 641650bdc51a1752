"""Hooks of real pushes: tags that would move, bytes that the shared store lacks, and what arrives at a server."""

import os
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import commit_files, git
from support.hooked import tried
from support.model_files import write_model
from support.tagged_by_hand import tag_by_hand

from regolo_git.hooks import sent_bytes

pytestmark = pytest.mark.slow
MANIFEST = "models/m/manifest.toml"


@pytest.fixture
def host(two_versions: Path, tmp_path: Path) -> Path:
    """A bare repository with the branch and the tags, which is `origin`."""
    host = tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(two_versions), str(host))
    git(two_versions, "remote", "add", "origin", str(host))
    git(two_versions, "fetch", "-q", "origin")
    return host


@pytest.fixture
def hooked(two_versions: Path, host: Path, regolo: Regolo) -> Path:
    """The clone, with its hooks."""
    regolo("hooks", "install")
    return two_versions


@pytest.fixture
def server(two_versions: Path, host: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bare repository, with its hook."""
    monkeypatch.chdir(host)
    regolo("hooks", "install", "--server")
    monkeypatch.chdir(two_versions)
    return host


def test_a_tag_that_would_move_or_vanish_is_not_pushed(hooked: Path, host: Path) -> None:
    before = git(host, "for-each-ref")
    git(hooked, "tag", "-f", "-a", "-m", "moved", "m@v1.0", "HEAD")
    git(hooked, "tag", "mine", "HEAD")
    status, said = tried(hooked, "push", "-q", "--force", "origin", "mine", "m@v1.0")
    assert status != 0
    assert "tag 'm@v1.0' would move at the remote" in said
    status, said = tried(hooked, "push", "-q", "origin", ":m@v1.1")
    assert status != 0
    assert "tag 'm@v1.1' would vanish" in said
    assert git(host, "for-each-ref") == before
    assert tried(hooked, "push", "-q", "origin", "mine") == (0, "")


def test_bytes_that_the_shared_store_lacks_stop_a_push(hooked: Path, tmp_path: Path, regolo: Regolo) -> None:
    store = tmp_path / "shared"
    regolo("config", "store.url", str(store))
    commit_files(hooked, {})
    assert tried(hooked, "push", "-q", "origin", "main")[0] == 0  # 1.0 and 1.1 are not sent by this push
    write_model(hooked / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    status, said = tried(hooked, "push", "-q", "origin", "main", "m@v1.2")
    assert status != 0
    assert f"the bytes of 'm@1.2' are not in the shared store '{store}'" in said
    assert "git regolo push" in said
    oid = git(hooked, "rev-parse", "m@v1.2").strip()
    git(hooked, "tag", "-d", "m@v1.2")  # what is sent counts, whatever it is called here
    for ref in (f"{oid}:refs/tags/m@v1.2", "HEAD:refs/for/main"):
        assert "the bytes of 'm@1.2' are not" in tried(hooked, "push", "-q", "origin", ref)[1], ref
    git(hooked, "update-ref", "refs/tags/m@v1.2", oid)
    regolo("push")
    assert tried(hooked, "push", "-q", "origin", "main", "m@v1.2")[0] == 0


def test_an_unreachable_store_is_reported_and_stops_only_a_strict_push(
    hooked: Path, tmp_path: Path, regolo: Regolo
) -> None:
    store = tmp_path / "shared"
    regolo("config", "store.url", str(store))
    write_model(hooked / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    store.rename(tmp_path / "away")
    git(hooked, "config", "regolo.prePush", "strict")
    status, said = tried(hooked, "push", "-q", "origin", "main")
    assert status != 0
    assert "not checked: the bytes of what is pushed" in said
    git(hooked, "config", "--unset", "regolo.prePush")
    status, said = tried(hooked, "push", "-q", "origin", "main")
    assert status == 0
    assert "note: not checked: the bytes of what is pushed" in said


def test_a_store_that_nobody_confirmed_is_not_asked(hooked: Path, tmp_path: Path, regolo: Regolo) -> None:
    regolo("config", "store.url", str(tmp_path / "shared"))
    git(hooked, "config", "--unset", "regolo.confirmed")
    write_model(hooked / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    status, said = tried(hooked, "push", "-q", "origin", "main")
    assert status == 0
    assert "has not confirmed" in said


def test_a_store_that_does_not_answer_is_not_waited_for(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert sent_bytes.within(0.2, (tmp_path / "fifo").read_bytes) is None
    assert sent_bytes.within(60, bytes) == b""


def test_without_a_registry_a_push_is_as_before(
    tmp_path: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", "host.git")
    git(tmp_path, "init", "-q", "-b", "main", "top")
    monkeypatch.chdir(tmp_path / "top")
    regolo("hooks", "install")
    commit_files(tmp_path / "top", {"a.txt": "1"})
    odd = "topic/$(touch${IFS}ran);'x'"
    assert tried(tmp_path / "top", "push", "-q", str(tmp_path / "host.git"), f"HEAD:refs/heads/{odd}") == (
        0,
        "",
    )
    assert not list(tmp_path.rglob("ran"))


def test_a_checkout_reports_missing_files_and_fetches_them_on_request(hooked: Path, regolo: Regolo) -> None:
    git(hooked, "branch", "old", "m@v1.0")
    status, said = tried(hooked, "switch", "-q", "old")
    assert status == 0
    assert "the files of m@1.0 are of another version than the one checked out" in said
    (hooked / "model.safetensors").unlink()
    status, said = tried(hooked, "switch", "-q", "main")
    assert "the files of m@1.1 are missing (git regolo checkout m@1.1)" in said
    git(hooked, "config", "regolo.autoFetch", "true")
    status, said = tried(hooked, "switch", "-q", "old")
    assert (status, "checked out the files of m@1.0" in said) == (0, True)
    (hooked / "model.safetensors").write_bytes(b"edited by somebody")
    status, said = tried(hooked, "switch", "-q", "main")
    assert "are not those of a version, and stay" in said
    assert (hooked / "model.safetensors").read_bytes() == b"edited by somebody"
    regolo("status")


def test_a_merge_says_what_is_of_another_version(hooked: Path, regolo: Regolo) -> None:
    git(hooked, "switch", "-q", "-c", "topic", "m@v1.0")
    (hooked / "model.safetensors").unlink()
    regolo("checkout", "m@1.0")
    status, said = tried(hooked, "merge", "-q", "main")
    assert status == 0
    assert "the files of m@1.1 are of another version" in said


# -- the server -------------------------------------------------------------------------------------------


def test_a_server_takes_versions_and_refuses_tags_that_move(
    two_versions: Path, server: Path, regolo: Regolo
) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    status, said = tried(two_versions, "push", "-q", "origin", "main", "m@v1.2")
    assert status == 0, said
    git(two_versions, "tag", "-f", "-a", "-m", "moved", "m@v1.0", "HEAD")
    status, said = tried(two_versions, "push", "-q", "--force", "origin", "m@v1.0")
    assert status != 0
    assert "tag 'm@v1.0' would move" in said
    status, said = tried(two_versions, "push", "-q", "origin", ":m@v1.1")
    assert "tag 'm@v1.1' would vanish" in said
    git(two_versions, "tag", "m@v9.0")
    status, said = tried(two_versions, "push", "-q", "origin", "m@v9.0")
    assert "is not the tag of a version" in said
    oid = git(two_versions, "rev-parse", "m@v1.2").strip()
    status, said = tried(two_versions, "push", "-q", "origin", f"{oid}:refs/tags/m@v1.3")
    assert "under another name" in said
    nested = git(two_versions, "cat-file", "tag", oid).replace("type commit", "type tag")
    nested = git(two_versions, "mktag", given=nested.replace(nested[7:47], oid)).strip()
    git(two_versions, "push", "-q", "origin", f"{nested}:refs/tags/other")
    status, said = tried(two_versions, "push", "-q", "origin", f"{nested}:refs/tags/m@v1.2.0")
    assert "is the tag of a tag" in said
    git(two_versions, "push", "-q", "origin", ":refs/tags/other")
    assert sorted(git(server, "tag").split()) == ["m@v1.0", "m@v1.1", "m@v1.2"]


def test_a_version_has_one_tag_on_a_server(two_versions: Path, server: Path) -> None:
    tag_by_hand(two_versions, "m", "1.1.0", lambda text: text.replace("0.92", "0.93"))
    assert "has a tag already, 'm@v1.1'" in tried(two_versions, "push", "-q", "origin", "m@v1.1.0")[1]
    for version in ("1.2", "1.2.0"):
        tag_by_hand(two_versions, "m", version, lambda text: text)
    said = tried(two_versions, "push", "-q", "origin", "m@v1.2", "m@v1.2.0")[1]
    assert "names a version that has a tag already" in said
    assert sorted(git(server, "tag").split()) == ["m@v1.0", "m@v1.1"]


def test_a_server_refuses_a_broken_seal_on_any_branch(two_versions: Path, server: Path) -> None:
    git(two_versions, "switch", "-q", "-c", "propose/odd $x".replace(" ", "-"))
    manifest = two_versions / MANIFEST
    good = manifest.read_text()
    manifest.write_text(good.replace("0.92", "0.99"))
    git(two_versions, "commit", "-q", "-a", "-m", "better")
    status, said = tried(two_versions, "push", "-q", "origin", "HEAD")
    assert status != 0
    assert "its seal is of other content" in said
    manifest.write_text(good.replace("format = 1", "format = one"))
    git(two_versions, "commit", "-q", "-a", "-m", "broken")
    status, said = tried(two_versions, "push", "-q", "origin", "HEAD")
    assert (status != 0, "manifest" in said) == (True, True)
    oid = git(two_versions, "hash-object", "-w", "--stdin", given=good + "\n").strip()
    git(two_versions, "update-index", "--cacheinfo", f"120000,{oid},{MANIFEST}")
    git(two_versions, "commit", "-q", "-m", "linked")
    status, said = tried(two_versions, "push", "-q", "origin", "HEAD")
    assert (status != 0, "is a link" in said) == (True, True)
    assert "propose" not in git(server, "for-each-ref")


def test_a_server_says_once_that_a_seal_is_broken_with_a_step_that_can_be_taken(
    two_versions: Path, server: Path
) -> None:
    manifest = two_versions / MANIFEST
    manifest.write_text(manifest.read_text().replace("0.92", "0.99"))
    git(two_versions, "commit", "-q", "-a", "-m", "better")
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status != 0
    assert said.count("its seal is of other content") == 1
    assert "hint: git regolo commit m model.safetensors --propose" in said  # the version has its tag


def test_a_server_refuses_to_lose_a_manifest_alone_on_any_branch(two_versions: Path, server: Path) -> None:
    for branch in ("main", "other"):
        git(two_versions, "switch", "-q", "-C", branch, "origin/main")
        git(two_versions, "rm", "-q", MANIFEST)
        git(two_versions, "commit", "-q", "-m", "without")
        status, said = tried(two_versions, "push", "-q", "origin", branch)
        assert status != 0
        assert said.count(f"'{MANIFEST}' was removed without the rest of 'models/m' (model.toml)") == 1, said
        assert f"-- {MANIFEST}" in said
    git(two_versions, "rm", "-q", "-r", "models/m")
    git(two_versions, "commit", "-q", "-m", "deleted")
    assert tried(two_versions, "push", "-q", "origin", "other") == (0, "")


def test_a_server_judges_by_the_rules_before_the_push(
    two_versions: Path, server: Path, regolo: Regolo
) -> None:
    card = two_versions / "models/m/model.toml"
    text = card.read_text() if card.exists() else "format = 1\n"
    config = (two_versions / ".regolo/config.toml").read_text()
    assert "[registry]\n" in config
    commit_files(
        two_versions,
        {".regolo/config.toml": config.replace("[registry]\n", "[registry]\nlines = ['release/*']\n")},
    )
    git(server, "symbolic-ref", "HEAD", "refs/heads/other")  # git itself keeps the branch that is current
    commit_files(two_versions, {"models/m/model.toml": f"{text}\n[gates.accuracy]\nmin = 0.9\n"})
    assert tried(two_versions, "push", "-q", "origin", "main")[0] == 0
    commit_files(two_versions, {"models/m/model.toml": f"{text}\n[gates.accuracy]\nmin = 0.1\n"})
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.5")
    status, said = tried(two_versions, "push", "-q", "origin", "main", "m@v1.2")
    assert status != 0
    assert "gate 'accuracy' of 'm' fails" in said
    assert "this change loosens a rule" in said
    git(two_versions, "update-ref", "refs/remotes/origin/main", "main")
    for ref in ("main:refs/heads/release/1", ":refs/heads/main"):
        assert tried(two_versions, "push", "-q", "origin", ref)[0] != 0, ref
    # As a proposal it may be pushed: its review judges it.
    assert tried(two_versions, "push", "-q", "origin", "main:refs/heads/propose/m")[0] == 0


def test_a_server_judges_each_version_of_a_push(two_versions: Path, server: Path, regolo: Regolo) -> None:
    card = two_versions / "models/m/model.toml"
    commit_files(two_versions, {"models/m/model.toml": f"{card.read_text()}\n[gates.accuracy]\nmin = 0.9\n"})
    assert tried(two_versions, "push", "-q", "origin", "main")[0] == 0
    for number, accuracy in ((3, "0.5"), (4, "0.95")):
        write_model(two_versions / "model.safetensors", number)
        regolo("commit", "m", "model.safetensors", "--metric", f"accuracy={accuracy}")
    status, said = tried(two_versions, "push", "-q", "origin", "main", "m@v1.2", "m@v1.3")
    assert status != 0
    assert "gate 'accuracy' of 'm@1.2' fails" in said
    regolo("retire", "m@1.2", "-m", "too weak", "--yes")
    assert tried(two_versions, "push", "-q", "origin", "main", "m@v1.2", "m@v1.3") == (0, "")


def test_a_server_keeps_the_configuration_of_the_registry(two_versions: Path, server: Path) -> None:
    git(two_versions, "rm", "-q", ".regolo/config.toml")
    git(two_versions, "commit", "-q", "-m", "without rules")
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status != 0
    assert "would lose '.regolo/config.toml', and with it the rules for the next push" in said


def test_a_server_sees_a_mixed_manifest_below_the_tip(
    two_versions: Path, server: Path, regolo: Regolo
) -> None:
    manifest = two_versions / MANIFEST
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.93")
    git(two_versions, "tag", "-d", "m@v1.2")
    manifest.write_text(manifest.read_text().replace("0.93", "0.99"))
    git(two_versions, "commit", "-q", "--amend", "-a", "-m", "mixed")
    mixed = git(two_versions, "rev-parse", "HEAD").strip()
    write_model(two_versions / "model.safetensors", 4)
    regolo("commit", "m", "model.safetensors", "--version", "1.3", "--metric", "accuracy=0.94")
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status != 0
    assert "'m@1.2', below the tip, cannot be accepted: its seal is of other content" in said
    git(two_versions, "tag", "-d", "m@v1.3")
    git(two_versions, "reset", "-q", "--hard", mixed)
    regolo("seal", "m", "--yes")
    git(two_versions, "commit", "-q", "--allow-empty", "-m", "more")
    assert tried(two_versions, "push", "-q", "origin", "main") == (0, "")


def test_the_first_push_to_an_empty_server(
    two_versions: Path, tmp_path: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "new.git")
    monkeypatch.chdir(tmp_path / "new.git")
    regolo("hooks", "install", "--server")
    status, said = tried(two_versions, "push", "-q", str(tmp_path / "new.git"), "main", "--tags")
    assert status == 0, said


def test_a_server_without_the_program_takes_nothing(two_versions: Path, server: Path) -> None:
    hook = server / "hooks/pre-receive"
    hook.write_text(
        hook.read_text()
        .replace("\nprogram=", "\nprogram=/nowhere/git-regolo #")
        .replace("command -v git-regolo", "false")
    )
    commit_files(two_versions, {"a.txt": "1"})
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status != 0
    assert "not checked (pre-receive)" in said


def test_a_proposal_is_pushed_merged_tagged_and_promoted_through_all_hooks(
    hooked: Path, server: Path, tmp_path: Path, regolo: Regolo
) -> None:
    regolo("config", "store.url", str(tmp_path / "shared"))
    regolo("push")
    write_model(hooked / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose", "--metric", "accuracy=0.93")
    regolo("push")
    (proposal,) = (
        name for name in git(server, "branch", "--format=%(refname:short)").split() if name != "main"
    )
    status, said = tried(hooked, "merge", "-q", "--no-ff", "-m", "merged", proposal)
    assert status == 0, said
    regolo("tag", "--merged")
    regolo("push")
    regolo("promote", "m@1.2", "staging", "--push")
    assert git(server, "rev-parse", "main") == git(hooked, "rev-parse", "main")
    assert "m@v1.2" in git(server, "tag")


def test_a_server_asks_the_gates_of_an_environment(two_versions: Path, server: Path, regolo: Regolo) -> None:
    config = (two_versions / ".regolo/config.toml").read_text()
    gated = f"{config}\n[environments.staging.gates]\nlicences = ['mit']\n"
    commit_files(two_versions, {".regolo/config.toml": gated})
    assert tried(two_versions, "push", "-q", "origin", "main")[0] == 0
    commit_files(two_versions, {".regolo/config.toml": config})
    regolo("promote", "m@1.1", "staging")
    status, said = tried(two_versions, "push", "-q", "origin", "main")
    assert status != 0
    assert "gate 'staging: licence' of 'm' fails" in said
    assert "this change loosens a rule" in said
