"""A version counts as signed only for a signature of its own tag, by somebody whom the registry lists."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.keys import sign_with_ssh, signer_line, ssh_key
from support.registry_fixtures import configure

from regolo_git.api import Registry
from regolo_git.errors import MissingDependency, NotFound
from regolo_git.hints import Hint
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.registry.environments.permission import GatesRefused

SIGNED = (
    "\n[environments.staging]\n\n[environments.production]\n[environments.production.gates]\nsigned = true\n"
)


@pytest.fixture
def key(isolated: Path) -> Path:
    """A key that signs every tag, and no commit."""
    made = ssh_key(isolated)
    sign_with_ssh(isolated, made)
    git(isolated, "config", "--global", "commit.gpgSign", "false")
    return made


@pytest.fixture
def signed(registry: Registry, key: Path) -> Registry:
    """Model `m` with the signed version 1.0; production requires a signature, and nobody is listed yet."""
    configure(registry, SIGNED)
    registry.register_model("m", b"weights")
    return registry


def allow(registry: Registry, *lines: str) -> None:
    commit_files(registry.handle.paths.top, {SIGNERS_PATH: "".join(lines)})


def refusal(registry: Registry, version: str = "1.0") -> str:
    with pytest.raises(GatesRefused) as caught:
        registry.promote_model_version("m", version, "production")
    (result,) = (r for r in caught.value.judgement.results if r.name == "signed")
    assert result.state == "fail"
    assert caught.value.hint == Hint("sign", f"m@{version}")
    return result.reason


def test_a_signed_tag_is_promoted(signed: Registry, key: Path) -> None:
    assert refusal(signed) == f"is signed, but nobody may sign: there is no '{SIGNERS_PATH}'"
    allow(signed, signer_line(key, 'valid-before="20200101"'))
    assert refusal(signed) == f"its signature is of a key that had expired by then ('{SIGNERS_PATH}')"
    allow(signed, "# the owners\n", signer_line(key))
    assert signed.promote_model_version("m", "1.0", "production").version == "1.0"


def test_an_unsigned_tag_is_refused(signed: Registry, key: Path, isolated: Path) -> None:
    allow(signed, signer_line(key))
    git(isolated, "config", "--global", "tag.gpgSign", "false")
    signed.create_model_version("m", model_data=b"other weights")
    assert refusal(signed, "1.1") == "is not signed"


def test_the_users_own_signers_and_those_of_the_work_tree_do_not_count(signed: Registry, key: Path) -> None:
    top = signed.handle.paths.top
    git(top, "config", "gpg.ssh.allowedSignersFile", SIGNERS_PATH)
    allow(signed, "")
    (top / SIGNERS_PATH).write_text(signer_line(key))
    git(top, "checkout", "-q", "-b", "change")
    git(top, "commit", "-qam", "adds itself")
    assert git(top, "verify-tag", "m@v1.0", check=False) == ""  # git itself trusts the file
    assert "is of a key that is not listed, SHA256:" in refusal(signed)


def test_a_tag_signed_for_another_name_is_not_of_the_version(signed: Registry, key: Path) -> None:
    allow(signed, signer_line(key))
    signed.create_model_version("m", model_data=b"other weights")
    top = signed.handle.paths.top
    git(top, "update-ref", "refs/tags/m@v1.1", git(top, "rev-parse", "refs/tags/m@v1.0").strip())
    git(top, "verify-tag", "m@v1.1")  # git does not compare names
    with pytest.raises(NotFound, match=r"model 'm' has no version '1\.1'"):
        signed.promote_model_version("m", "1.1", "production")


def test_a_signed_tag_that_was_changed_is_refused(signed: Registry, key: Path) -> None:
    allow(signed, signer_line(key))
    top = signed.handle.paths.top
    stored = git(top, "cat-file", "tag", "m@v1.0")
    changed = stored.replace("tagger Ada Byron", "tagger Eve Byron")
    changed_id = git(top, "hash-object", "-t", "tag", "-w", "--stdin", given=changed).strip()
    git(top, "update-ref", "refs/tags/m@v1.0", changed_id)
    assert refusal(signed) == f"its signature does not fit what it signs ('{SIGNERS_PATH}')"


def test_a_missing_program_is_named(
    signed: Registry, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(signed, signer_line(key))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="'ssh-keygen' is not on PATH") as caught:
        signed.promote_model_version("m", "1.0", "production")
    assert caught.value.hint == "apt-get install openssh-client"
