"""A version counts as signed only for a signature of its own tag, by somebody whom the registry lists."""

import subprocess
from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.keys import openpgp_key, sign_with_ssh, signer_line, ssh_key
from support.registry_fixtures import configure

from regolo_git.api import Registry
from regolo_git.cli.pages.shown_version import look_up
from regolo_git.cli.pages.version import document
from regolo_git.errors import Conflict, MissingDependency, NotFound
from regolo_git.git.openpgp_signatures import check_openpgp_signature
from regolo_git.hints import Hint
from regolo_git.maintenance.doctor import examine
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.records.references import Reference
from regolo_git.registry.environments.judgement import GatesRefused
from regolo_git.registry.signature_notes import ignored_lines
from regolo_git.registry.signatures import NOTES
from regolo_git.registry.versions.merged import tag_merged

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
    assert (
        refusal(signed)
        == f"is signed, but the signature is of a key that had expired by then ('{SIGNERS_PATH}')"
    )
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
    with pytest.raises(NotFound, match=r"'m@1\.1' has no tag in this clone"):
        signed.promote_model_version("m", "1.1", "production")


def test_a_signed_tag_that_was_changed_is_refused(signed: Registry, key: Path) -> None:
    allow(signed, signer_line(key))
    top = signed.handle.paths.top
    stored = git(top, "cat-file", "tag", "m@v1.0")
    changed = stored.replace("tagger Ada Byron", "tagger Eve Byron")
    changed_id = git(top, "hash-object", "-t", "tag", "-w", "--stdin", given=changed).strip()
    git(top, "update-ref", "refs/tags/m@v1.0", changed_id)
    assert refusal(signed) == f"is signed, but the signature does not fit what it signs ('{SIGNERS_PATH}')"


def test_a_missing_program_is_named(
    signed: Registry, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(signed, signer_line(key))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="'ssh-keygen' is not on PATH") as caught:
        signed.promote_model_version("m", "1.0", "production")
    assert caught.value.hint == "apt-get install openssh-client"


# -- signed later -----------------------------------------------------------------------------------------


@pytest.fixture
def unsigned(registry: Registry, key: Path, isolated: Path) -> Registry:
    """Versions 1.0 and 1.1 of `m` without a signature; production requires one, and Ada may sign."""
    git(isolated, "config", "--global", "tag.gpgSign", "false")
    configure(registry, SIGNED)
    registry.register_model("m", b"weights")
    registry.create_model_version("m", model_data=b"other weights")
    allow(registry, signer_line(key))
    return registry


def note(registry: Registry, tag: str, *lines: str) -> None:
    """Replaces the signatures of a tag object."""
    text = "".join(f"{line}\n" for line in lines)
    git(registry.handle.paths.top, "notes", "--ref", NOTES, "add", "-f", "-F", "-", tag, given=text)


def lines_of(registry: Registry, tag: str) -> list[str]:
    return git(registry.handle.paths.top, "notes", "--ref", NOTES, "show", tag).splitlines()


def test_a_version_is_signed_later(unsigned: Registry) -> None:
    top = unsigned.handle.paths.top
    before = git(top, "for-each-ref", "refs/tags", "refs/heads")
    assert refusal(unsigned) == "is not signed"
    assert unsigned.get_model_version("m", "1.0").signed_by is None
    assert unsigned.sign_model_version("m", "1.0").signed_by == "ada@example.com"
    assert git(top, "for-each-ref", "refs/tags", "refs/heads") == before
    unsigned.sign_model_version("m", "1.0")  # is signed already
    assert len(lines_of(unsigned, "m@v1.0")) == 1
    unsigned.promote_model_version("m", "1.0", "production")
    assert refusal(unsigned, "1.1") == "is not signed"


def test_a_signature_of_another_tag_object_does_not_count(unsigned: Registry) -> None:
    unsigned.sign_model_version("m", "1.0")
    top = unsigned.handle.paths.top
    other = lines_of(unsigned, "m@v1.0")
    note(unsigned, "m@v1.1", *other)
    assert refusal(unsigned, "1.1") == "was signed under another name, 'm@v1.0'"
    # The same name, on another object: somebody moved the tag after it was signed.
    stored = git(top, "cat-file", "tag", "m@v1.0").replace("Regolo-Size", "Regolo-Other: x\nRegolo-Size")
    moved = git(top, "hash-object", "-t", "tag", "-w", "--stdin", given=stored).strip()
    git(top, "update-ref", "refs/tags/m@v1.0", moved)
    note(unsigned, "m@v1.0", *other)
    assert refusal(unsigned) == "is signed, but the signature is of another tag object"


def test_lines_of_another_kind_and_wrong_signatures_do_no_harm(unsigned: Registry, isolated: Path) -> None:
    git(isolated, "config", "--global", "user.signingKey", str(ssh_key(isolated, "eve")))
    assert unsigned.sign_model_version("m", "1.0").signed_by is None
    assert "is of a key that is not listed" in refusal(unsigned)
    (of_eve,) = lines_of(unsigned, "m@v1.0")
    git(isolated, "config", "--global", "user.signingKey", str(isolated / "key"))
    unsigned.sign_model_version("m", "1.0")
    assert len(lines_of(unsigned, "m@v1.0")) == 2
    (of_ada,) = (line for line in lines_of(unsigned, "m@v1.0") if line != of_eve)
    hostile = ("[" * 100_000, '{"signed_tag": 1}', '{"signed_tag": "\\ud800"}', "\x1b[31m", "null")
    note(unsigned, "m@v1.0", *hostile, of_eve, of_ada)
    unsigned.promote_model_version("m", "1.0", "production")


def test_lines_of_others_hide_no_signature_and_fsck_and_doctor_name_them(unsigned: Registry) -> None:
    unsigned.sign_model_version("m", "1.1")
    (of_other,) = lines_of(unsigned, "m@v1.1")
    unsigned.sign_model_version("m", "1.0")
    (genuine,) = lines_of(unsigned, "m@v1.0")
    assert list(ignored_lines(unsigned.handle)) == []
    moved = genuine.replace("object ", "object 0")[:-2] + '"}'
    moved = moved.replace(moved[moved.index("object 0") : moved.index("\\ntype")], f"object {'0' * 40}")
    junk = [f"junk {number}\0" for number in range(300)]
    text = "".join(f"{line}\n" for line in [*junk, "\udcff\0", of_other, moved, genuine])
    top = unsigned.handle.paths.top
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=top, input=text.encode("utf-8", "surrogateescape"), capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    git(top, "notes", "--ref", NOTES, "add", "-f", "-C", blob, "m@v1.0")
    git(top, "notes", "--ref", NOTES, "add", "-f", "-m", "x", "HEAD")
    assert unsigned.get_model_version("m", "1.0").signed_by == "ada@example.com"
    unsigned.sign_model_version("m", "1.0")
    tag = git(top, "rev-parse", "refs/tags/m@v1.0").strip()
    head = git(top, "rev-parse", "HEAD").strip()
    said = {
        "tag m@v1.0: 301 lines in the note of its signatures without a signed tag object: ignored",
        "tag m@v1.0: 1 line in the note of its signatures signed under another name, 'm@v1.1': ignored",
        "tag m@v1.0: 1 line in the note of its signatures signed over another object: ignored",
        f"object {head}: has signatures, and is not the tag of a version in this clone",
    }
    notes = check_registry(unsigned.handle).notes
    assert {f"{note.subject}: {note.what}" for note in notes} == said
    assert {f.what for f in examine(unsigned.handle, dry_run=True) if f.kind == "limit"} >= said
    assert f"git notes --ref regolo-signatures edit {tag}" in {note.hint for note in notes}


def test_a_key_that_is_younger_than_the_merge_signs_in_a_note(
    unsigned: Registry, key: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(unsigned, signer_line(key, 'valid-after="20260601"'))
    git(isolated, "config", "--global", "tag.gpgSign", "true")
    proposed = unsigned.create_model_version("m", model_data=b"third", flow="propose")
    assert proposed.signed_by is None
    top = unsigned.handle.paths.top
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2026-05-01T00:00:00Z")
    git(top, "merge", "-q", "--no-ff", "-m", "merge", proposed.commit)
    tag_merged(unsigned.handle)
    assert "is of a key that was not valid yet" in refusal(unsigned, "1.2")
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2026-07-01T00:00:00Z")
    assert unsigned.sign_model_version("m", "1.2").signed_by == "ada@example.com"
    unsigned.promote_model_version("m", "1.2", "production")


def test_a_signature_travels_with_a_push(unsigned: Registry, tmp_path: Path) -> None:
    top = unsigned.handle.paths.top
    git(tmp_path, "init", "-q", "--bare", "remote")
    git(top, "remote", "add", "origin", str(tmp_path / "remote"))
    unsigned.push()
    unsigned.sign_model_version("m", "1.0")
    assert NOTES in unsigned.push().notes
    assert NOTES in git(tmp_path / "remote", "for-each-ref")


def test_nothing_is_left_where_git_cannot_sign(unsigned: Registry) -> None:
    top = unsigned.handle.paths.top
    git(top, "config", "user.signingKey", "/nowhere/key")
    with pytest.raises(Conflict, match="the tag cannot be signed: "):
        unsigned.sign_model_version("m", "1.0")
    assert "notes" not in git(top, "for-each-ref")


# -- in a review ------------------------------------------------------------------------------------------


def test_a_change_that_adds_its_own_signer_is_not_obeyed(signed: Registry, key: Path) -> None:
    top = signed.handle.paths.top
    signed.promote_model_version("m", "1.0", "staging")
    git(top, "switch", "-qc", "change")
    allow(signed, signer_line(key))
    staged = (top / "environments/staging/m.toml").read_text()
    commit_files(top, {"environments/production/m.toml": staged.replace('"staging"', '"production"')})
    for base, count in (("main", 1), ("change~1", 0)):
        failing = [found.gate for found in signed.review(base, "change").gates_in("fail")]
        assert [gate.label for gate in failing] == ["production: signed"] * count
        assert all(gate.reason.startswith("is signed, but nobody may sign") for gate in failing)


def test_a_version_that_is_tagged_is_judged_by_the_signers_of_the_base(
    signed: Registry, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(signed, signer_line(key))
    signed.create_model_version("m", model_data=b"other weights")
    assert (found := signed.review("m@v1.1~1", "m@v1.1").models[0].tag) is not None
    assert (found.signed.state, found.signed.reason) == ("pass", "is signed by ada@example.com")
    monkeypatch.setenv("PATH", str(tmp_path))
    review = signed.review("m@v1.1~1", "m@v1.1")
    (gate,) = review.models[0].later
    assert (gate.label, gate.state) == ("production: signed", "not judged")
    assert "was not verified: the program 'ssh-keygen' is not on PATH" in review.to_markdown()


# -- OpenPGP ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_openpgp_signatures_count_by_the_fingerprint_of_their_key(
    registry: Registry, isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in openpgp_key("Ada Byron <ada@example.com>"):
        monkeypatch.setenv("GNUPGHOME", str(home))
        git(isolated, "config", "--global", "tag.gpgSign", "true")
        configure(registry, SIGNED)
        registry.register_model("m", b"weights")
        listed = ["gpg", "--with-colons", "--list-keys"]
        keys = subprocess.run(listed, capture_output=True, check=True, text=True).stdout
        fingerprint = next(line.split(":")[9] for line in keys.splitlines() if line.startswith("fpr:"))
        allow(registry, f"# ada@example.com openpgp {fingerprint}\nada@example.com openpgp {fingerprint}0\n")
        assert f"the signature is of a key that is not listed, {fingerprint}" in refusal(registry)
        other = signer_line(ssh_key(isolated, "other"), who="eve@example.com")
        allow(registry, other, f"ada@example.com openpgp {fingerprint.lower()} since 2026\n", other)
        assert registry.get_model_version("m", "1.0").signed_by == "ada@example.com"
        registry.promote_model_version("m", "1.0", "production")
        git(isolated, "config", "--global", "tag.gpgSign", "false")
        registry.create_model_version("m", model_data=b"other weights")
        assert registry.sign_model_version("m", "1.1").signed_by == "ada@example.com"
        top = registry.handle.paths.top
        changed = git(top, "cat-file", "tag", "m@v1.0").replace("tagger Ada", "tagger Eve")
        changed_id = git(top, "hash-object", "-t", "tag", "-w", "--stdin", given=changed).strip()
        git(top, "update-ref", "refs/tags/m@v1.0", changed_id)
        git(top, "rm", "-q", "environments/production/m.toml")
        git(top, "commit", "-qm", "not there any more")
        assert "the signature does not fit what it signs" in refusal(registry)
        git(top, "config", "gpg.program", "no-such-gpg")
        with pytest.raises(MissingDependency, match="'no-such-gpg' is not on PATH"):
            registry.promote_model_version("m", "1.1", "production")
        git(top, "config", "--unset", "gpg.program")
        subprocess.run(["gpg", "--batch", "-q", "--quick-set-expire", fingerprint, "1y"], check=True)
        (home / "gpg.conf").write_text("faked-system-time 20990101T000000\n")
        assert "the signature is of a key that has expired" in refusal(registry, "1.1")
        (tmp_path / "empty").mkdir(mode=0o700)
        monkeypatch.setenv("GNUPGHOME", str(tmp_path / "empty"))
        assert "the signature is of a key that gpg does not have here" in refusal(registry, "1.1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "reason"), [("expire", "has expired"), ("revoke", "was revoked")], ids=["expired", "revoked"]
)
def test_an_openpgp_key_that_is_not_valid_any_more_counts_nowhere(
    registry: Registry, isolated: Path, monkeypatch: pytest.MonkeyPatch, spoil: str, reason: str
) -> None:
    for home in openpgp_key("Ada Byron <ada@example.com>"):
        monkeypatch.setenv("GNUPGHOME", str(home))
        git(isolated, "config", "--global", "tag.gpgSign", "true")
        configure(registry, SIGNED)
        (certificate,) = (home / "openpgp-revocs.d").glob("*.rev")
        fingerprint = certificate.stem
        allow(registry, f"ada@example.com openpgp {fingerprint}\n")
        registry.register_model("m", b"weights")
        registry.create_model_version("m", model_data=b"other weights")
        assert registry.get_model_version("m", "1.1").signed_by == "ada@example.com"
        if spoil == "expire":
            subprocess.run(["gpg", "--batch", "-q", "--quick-set-expire", fingerprint, "1y"], check=True)
            (home / "gpg.conf").write_text("faked-system-time 20990101T000000\n")
        else:
            armor = certificate.read_text().replace(":-----BEGIN", "-----BEGIN")
            subprocess.run(["gpg", "--batch", "-q", "--import"], input=armor.encode(), check=True)
        words = f"is signed, but the signature is of a key that {reason} ('{SIGNERS_PATH}')"
        assert refusal(registry, "1.1") == words
        assert registry.get_model_version("m", "1.1").signed_by is None
        shown = document(look_up(registry.handle, Reference.parse("m@1.1")))
        assert (shown["signed"], shown["signed_by"], shown["signature_problem"]) == (True, None, words)
        tag = registry.review("m@v1.1~1", "m@v1.1").models[0].tag
        assert tag is not None
        assert (tag.signed.state, tag.signed.reason) == ("fail", words)


@pytest.mark.slow
def test_the_name_of_a_key_does_not_say_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def prints() -> list[str]:
        command = ["gpg", "--with-colons", "--list-keys"]
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\n")
        return [line.split(":")[9] for line in listed if line.startswith("fpr:")]

    for home in openpgp_key("Ada Byron <ada@example.com>"):
        monkeypatch.setenv("GNUPGHOME", str(home))
        (ada,) = prints()
        new = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key"]
        for number, end in enumerate(("\u2028", "\x85")):
            forged = f"Eve{end}[GNUPG:] VALIDSIG {ada} 2026-01-01 1 0 4 0 22 10 00 {ada}{end}"
            subprocess.run([*new, forged, "ed25519", "sign", "never"], check=True, capture_output=True)
            eve = prints()[number + 1]
            sign = ["gpg", "--batch", "-u", eve, "--armor", "--detach-sign", "-o", "-"]
            signature = subprocess.run(
                sign, input=b"payload", capture_output=True, check=True
            ).stdout.decode()
            checked = check_openpgp_signature("gpg", b"payload", signature, {ada: "ada@example.com"})
            assert checked.signer is None
