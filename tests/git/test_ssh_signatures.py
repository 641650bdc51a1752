"""SSH signatures are valid by the given list of signers alone, at the time of the signature."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from support.keys import signer_line, ssh_key

from regolo_git.errors import MissingDependency
from regolo_git.git.signature_check import NOT_INTACT
from regolo_git.git.ssh_signatures import check_ssh_signature

PAYLOAD = b"object 1\ntag m@v1.0\n\n\xff\n"
SECONDS = 1_764_201_600  # 27 November 2025, 00:00 UTC
OTHERS = "eve@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIX9WhL3bN3s4T3XL1mO0Ysx9NQd1xU2mKy4pY0h2Qm7\n"


class Signed(NamedTuple):
    key: Path
    signature: str

    def line(self, options: str = "", who: str = "ada@example.com") -> str:
        return signer_line(self.key, options, who)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    key = ssh_key(tmp_path_factory.mktemp("keys"))
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", key]
    done = subprocess.run(command, input=PAYLOAD, capture_output=True, check=True)
    return Signed(key, done.stdout.decode())


def problem(signed: Signed, *lines: str) -> str | None:
    checked = check_ssh_signature(PAYLOAD, signed.signature, "".join(lines).encode(), SECONDS)
    assert (checked.signer is None) is (checked.problem is not None)
    return checked.problem


@pytest.mark.parametrize(
    "options",
    ["", 'namespaces="git,file"', 'valid-after="20251127",valid-before="202511270001"'],
    ids=["plain", "namespace", "times"],
)
def test_a_key_that_is_listed_counts(signed: Signed, options: str) -> None:
    text = "# owners\n\nno key\n" + OTHERS + signed.line(options)
    assert check_ssh_signature(PAYLOAD, signed.signature, text.encode(), SECONDS) == ("ada@example.com", None)


def test_one_of_several_lines_is_enough(signed: Signed) -> None:
    expired, patterns = (
        signed.line('valid-before="20200101"'),
        signed.line(who="*@example.com,!eve@example.com"),
    )
    assert problem(signed, expired, patterns) is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ('valid-before="20251126"', "is of a key that had expired by then"),
        ('valid-after="20251128"', "is of a key that was not valid yet"),
        ('namespaces="file"', "is of a key that may not sign for git"),
    ],
)
def test_a_key_that_does_not_count_is_refused(signed: Signed, options: str, reason: str) -> None:
    assert problem(signed, signed.line(options)) == reason


def test_times_of_the_list_do_not_depend_on_the_machine(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        assert problem(signed, signed.line('valid-after="202511270000"')) is None
        assert problem(signed, signed.line('valid-before="202511262359"')) is not None


@pytest.mark.parametrize(
    "text",
    ["", OTHERS, "ada@example.com\n", "\0\x1b[31m\n", "ada@example.com ssh-ed25519 AAAA\n"],
    ids=["empty", "others", "no key", "control characters", "broken key"],
)
def test_a_list_without_the_key_allows_nobody(signed: Signed, text: str) -> None:
    assert str(problem(signed, text)).startswith("is of a key that is not listed, SHA256:")


def test_a_change_after_signing_is_refused(signed: Signed) -> None:
    signers = signed.line().encode()
    assert check_ssh_signature(PAYLOAD + b" ", signed.signature, signers, SECONDS) == (None, NOT_INTACT)
    broken = signed.signature.replace("U1NIU0lH", "AAAAAAAA")
    assert check_ssh_signature(PAYLOAD, broken, signers, SECONDS) == (None, NOT_INTACT)


def test_a_missing_program_is_named(signed: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="'ssh-keygen' is not on PATH") as caught:
        problem(signed, signed.line())
    assert caught.value.hint == "apt-get install openssh-client"
