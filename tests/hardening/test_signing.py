"""Every commit and tag of ours is signed where git would sign its own, and never created unsigned instead."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.everything import Everything
from support.git_program import clone, git, proposal
from support.git_repository import opened, version_commit
from support.keys import must_be_signed, openpgp_key, sign_with_ssh, ssh_key
from support.model_files import write_model

from regolo_git.git.publish import publish

pytestmark = pytest.mark.slow  # CI runs it, too


@pytest.fixture
def key(isolated: Path) -> Path:
    made = ssh_key(isolated)
    sign_with_ssh(isolated, made)
    return made


@pytest.fixture
def gnupg(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for home in openpgp_key("Ada Byron <ada@example.com>"):
        monkeypatch.setenv("GNUPGHOME", str(home))
        yield home


@pytest.fixture
def top(git_repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(git_repository)
    return git_repository


def commits(top: Path) -> list[str]:
    return git(top, "rev-list", "--all").split()


def tags(top: Path) -> list[str]:
    return git(top, "tag", "--list").split()


def use_every_verb(regolo: Regolo, top: Path) -> None:
    regolo("init")
    write_model(top / "model.safetensors", 1)
    regolo("register", "nlp/m", "model.safetensors", "--version", "1.0", "-m", "first\n\nwith a body")
    write_model(top / "model.safetensors", 2)
    regolo("commit", "nlp/m", "model.safetensors")
    regolo("promote", "nlp/m@1.0", "production")
    regolo("endpoint", "create", "e", "nlp/m@1.0")
    regolo("traffic", "e", "1.0=50", "1.1=50")
    regolo("revert", "nlp/m", "--to", "1.0")
    regolo("config", "store.url", "s3://models/team")
    write_model(top / "model.safetensors", 3)
    regolo("commit", "nlp/m", "model.safetensors", "--propose")
    git(top, "merge", "-q", "--ff-only", proposal(top, "nlp/m@1.2"))
    regolo("tag", "--merged")


def test_everything_is_signed_with_ssh(top: Path, regolo: Regolo, key: Path) -> None:
    use_every_verb(regolo, top)
    assert len(commits(top)) == 9
    assert tags(top) == ["nlp/m@v1.0", "nlp/m@v1.1", "nlp/m@v1.2"]
    must_be_signed(top, *commits(top), *tags(top))
    regolo("fsck", "--full")
    git(top, "fsck", "--strict")
    assert regolo("list", "nlp/m", "--json").document


def test_everything_is_signed_with_openpgp(top: Path, regolo: Regolo, gnupg: Path) -> None:
    git(top, "config", "commit.gpgSign", "true")
    git(top, "config", "tag.gpgSign", "true")
    use_every_verb(regolo, top)
    must_be_signed(top, *commits(top), *tags(top))
    regolo("fsck")


def test_each_of_the_two_settings_is_its_own(top: Path, regolo: Regolo, key: Path) -> None:
    git(top, "config", "tag.gpgSign", "false")
    regolo("init")
    write_model(top / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors")
    must_be_signed(top, *commits(top))
    assert "SIGNATURE" not in git(top, "cat-file", "-p", "m@v1.0")
    git(top, "config", "tag.gpgSign", "true")
    git(top, "config", "commit.gpgSign", "false")
    write_model(top / "model.safetensors", 2)
    regolo("commit", "m", "model.safetensors")
    must_be_signed(top, "m@v1.1")
    assert "gpgsig" not in git(top, "cat-file", "-p", "HEAD")


@pytest.mark.parametrize("how", ["literal", "key::", "default command", "public file", "git -c"])
def test_a_key_is_named_in_every_way_of_git(
    top: Path, regolo: Regolo, key: Path, isolated: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = key.with_suffix(".pub").read_text().strip()
    git(isolated, "config", "--global", "--unset", "user.signingKey")
    if how in ("literal", "key::", "default command"):
        if shutil.which("ssh-agent") is None:
            pytest.skip("ssh-agent is not installed")
        socket = isolated / "agent"
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        while not socket.exists():
            assert agent.poll() is None
        subprocess.run(["ssh-add", "-q", key], check=True)
        key.unlink()
    if how == "default command":
        git(isolated, "config", "--global", "gpg.ssh.defaultKeyCommand", "ssh-add -L")
    elif how == "git -c":
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.signingKey")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(key))
    else:
        values = {"literal": public, "key::": f"key::{public}", "public file": f"{key}.pub"}
        git(isolated, "config", "--global", "user.signingKey", values[how])
    try:
        regolo("init")
        write_model(top / "model.safetensors", 1)
        regolo("register", "m", "model.safetensors")
        must_be_signed(top, *commits(top), "m@v1.0")
    finally:
        if how in ("literal", "key::", "default command"):
            agent.terminate()
            agent.wait()


def test_settings_of_a_conditional_file_sign_too(
    top: Path, regolo: Regolo, key: Path, isolated: Path
) -> None:
    signing = isolated / ".gitconfig"
    (isolated / "corp").write_text(signing.read_text())
    signing.write_text(
        "[user]\n\tname = Ada Byron\n\temail = ada@example.com\n"
        '[includeIf "hasconfig:remote.*.url:https://corp.example/**"]\n\tpath = corp\n'
    )
    regolo("init")
    assert "gpgsig" not in git(top, "cat-file", "-p", "HEAD")
    git(top, "remote", "add", "origin", "https://corp.example/m.git")
    write_model(top / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors")
    must_be_signed(top, "HEAD", "m@v1.0")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("user.signingKey", "/nowhere/key"),
        ("gpg.ssh.program", "/nowhere/ssh-keygen"),
        ("gpg.ssh.program", "false"),
        ("gpg.format", "unknown"),
        ("gpg.format", "openpgp"),
        ("gpg.format", "x509"),
    ],
)
@pytest.mark.parametrize("only", ["commit.gpgSign", "tag.gpgSign"])
def test_a_key_that_cannot_be_used_stops_everything(
    top: Path, regolo: Regolo, key: Path, setting: str, value: str, only: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    regolo("init")
    write_model(top / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors")
    write_model(top / "model.safetensors", 2)
    git(top, "config", setting, value)
    for name in ("commit.gpgSign", "tag.gpgSign"):
        git(top, "config", name, str(name == only).lower())
    before = Everything.of(top)
    said = regolo("commit", "m", "model.safetensors", status=4)
    before.must_be(top, more_stored=True)
    command = "commit -qS --allow-empty" if only == "commit.gpgSign" else "tag -s other"
    done = subprocess.run(
        ["git", *command.split(), "-m", "x"], cwd=top, capture_output=True, text=True, check=False
    )
    words = [line for line in done.stderr.splitlines() if line.strip()]
    assert words[0].split(":")[1].strip() in said.err
    git(top, "tag", "-d", "other", check=False)
    git(top, "config", "--unset", setting)
    regolo("commit", "m", "model.safetensors")
    must_be_signed(top, "HEAD" if only == "commit.gpgSign" else "m@v1.1")


def test_a_merged_version_of_another_committer_is_signed_by_the_one_who_tags(
    top: Path, regolo: Regolo, gnupg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regolo("init")
    write_model(top / "model.safetensors", 1)
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Host")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "host@example.com")
    regolo("register", "m", "model.safetensors", "--propose")
    git(top, "merge", "-q", "--ff-only", proposal(top, "m@1.0"))
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_COMMITTER_{name}")
    git(top, "config", "tag.gpgSign", "true")
    regolo("tag", "--merged")
    must_be_signed(top, "m@v1.0")
    tagged, committed = (
        git(top, "for-each-ref", f"--format=%({name}:raw)", "refs/tags").strip()
        for name in ("taggerdate", "*committerdate")
    )
    assert tagged == committed
    assert "tagger Ada Byron <ada@example.com>" in git(top, "cat-file", "-p", "m@v1.0")


def test_a_given_author_is_signed_for_by_the_user(top: Path, gnupg: Path) -> None:
    git(top, "config", "commit.gpgSign", "true")
    git(top, "config", "tag.gpgSign", "true")
    repository = opened(top)
    given = repository.authorship("Grace <grace@example.com>")
    publish(repository, "main", lambda _: version_commit("m", "1.0"), authorship=given)
    must_be_signed(top, "HEAD", "m@v1.0")
    assert "tagger Grace <grace@example.com>" in git(top, "cat-file", "-p", "m@v1.0")


def test_a_signed_version_is_read_in_another_clone(
    top: Path, regolo: Regolo, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regolo("init")
    write_model(top / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors", "-m", "the first one")
    other = clone(top, tmp_path / "other")
    monkeypatch.chdir(other)
    assert "the first one" in regolo("log", "m").out
    assert regolo("list", "m", "--json").document[0]["version"] == "1.0"
