"""`git regolo sign` and `tag --merged --sign`: signatures after the merge."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import commit_files, git, proposal
from support.keys import sign_with_ssh, signer_line, ssh_key

from regolo_git.records.paths import SIGNERS_PATH


@pytest.fixture
def key(isolated: Path) -> Path:
    made = ssh_key(isolated)
    sign_with_ssh(isolated, made)
    for name in ("commit.gpgSign", "tag.gpgSign"):
        git(isolated, "config", "--global", name, "false")
    return made


def test_a_version_is_signed_after_it_was_tagged(regolo: Regolo, two_versions: Path, key: Path) -> None:
    said = regolo("sign", "m@1.1")
    assert (said.out, said.err.splitlines()[0]) == ("m@1.1\n", "signed m@1.1")
    assert "it does not count yet: m@1.1 is signed, but nobody may sign: there is no" in said.err
    assert "git regolo push" in said.err
    assert "yes, but nobody may sign: there is no" in regolo("show", "m@1.1").out
    commit_files(two_versions, {SIGNERS_PATH: signer_line(key)})
    assert "m@1.1 is signed by ada@example.com; nothing to do" in regolo("sign", "m@1.1").err
    assert "by ada@example.com" in regolo("show", "m@1.1").out
    shown = regolo("show", "m@1.1", "--json").document
    assert isinstance(shown, dict)
    assert (shown["signed"], shown["signed_by"], shown["signature_problem"]) == (
        True,
        "ada@example.com",
        None,
    )
    assert regolo("sign", "m@1.0", "--json").document == {
        "model": "m",
        "version": "1.0",
        "tag": "m@v1.0",
        "tag_object": git(two_versions, "rev-parse", "refs/tags/m@v1.0").strip(),
        "signed": True,
        "signer": "ada@example.com",
        "problem": None,
    }


def test_a_version_that_cannot_be_signed_is_reported(regolo: Regolo, two_versions: Path, key: Path) -> None:
    assert "no version '2.0'" in regolo("sign", "m@2.0", status=3).err
    git(two_versions, "config", "user.signingKey", "/nowhere/key")
    assert "the tag cannot be signed" in regolo("sign", "m@1.0", status=4).err


def test_a_signer_whose_name_is_made_to_hurt_is_shown_inert(
    regolo: Regolo, two_versions: Path, key: Path
) -> None:
    commit_files(two_versions, {SIGNERS_PATH: signer_line(key, who='"a\x1b[31m\u202eb"')})
    said = regolo("sign", "m@1.1").err + regolo("show", "m@1.1").out
    assert "\x1b[31m" not in said
    assert "\u202e" not in said


def test_show_does_not_need_the_program(
    regolo: Regolo, two_versions: Path, key: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit_files(two_versions, {SIGNERS_PATH: signer_line(key)})
    regolo("sign", "m@1.1")
    monkeypatch.setenv("PATH", str(tmp_path))
    said = regolo("show", "m@1.1").out
    assert "signed yes, and was not verified: the program 'ssh-keygen' is not on PATH" in " ".join(
        said.split()
    )
    assert "signed   no" in regolo("show", "m@1.0").out


def test_merged_versions_are_signed_when_they_are_tagged(
    regolo: Regolo, two_versions: Path, key: Path
) -> None:
    commit_files(two_versions, {SIGNERS_PATH: signer_line(key)})
    (two_versions / "model.safetensors").write_bytes(b"other")
    regolo("commit", "m", "model.safetensors", "--propose")
    shown = regolo("show", f"{proposal(two_versions, 'm@1.2')}:m").out
    assert "signed   not yet: the tag is signed after the merge" in shown
    git(two_versions, "merge", "-q", "--ff-only", proposal(two_versions, "m@1.2"))
    regolo("tag", "--merged", "--sign")
    assert "by ada@example.com" in regolo("show", "m@1.2").out
    assert git(two_versions, "for-each-ref", "refs/notes") == ""
