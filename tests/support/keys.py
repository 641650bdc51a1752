"""Real keys for signing, made by the real programs."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.git_program import git


def ssh_key(directory: Path, name: str = "key", *, passphrase: str = "") -> Path:
    """A private SSH key; its public half is beside it."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    path = directory / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", path], check=True
    )
    return path


def sign_with_ssh(home: Path, key: Path) -> None:
    """Signs every commit and tag of this home with an SSH key, which git trusts."""
    allowed = home / "allowed_signers"
    allowed.write_text(f"* {key.with_suffix('.pub').read_text()}")
    for name, value in (
        ("gpg.format", "ssh"), ("user.signingKey", str(key)), ("gpg.ssh.allowedSignersFile", str(allowed)),
        ("commit.gpgSign", "true"), ("tag.gpgSign", "true"),
    ):  # fmt: skip
        git(home, "config", "--global", name, value)


def signer_line(key: Path, options: str = "", who: str = "ada@example.com") -> str:
    """The line of a list of signers that allows an SSH key."""
    kind, public, *_ = key.with_suffix(".pub").read_text().split()
    return " ".join(part for part in (who, options, kind, public) if part) + "\n"


def openpgp_key(person: str) -> Iterator[Path]:
    """A home of GnuPG with one key without a passphrase; its path is short, as the agent's socket needs."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gpg") as name:
        home = Path(name)
        base = ["gpg", "--homedir", name, "--batch", "--quiet"]
        try:
            subprocess.run(
                [*base, "--passphrase", "", "--quick-generate-key", person, "ed25519", "sign", "never"],
                check=True,
                capture_output=True,
            )
            yield home
        finally:
            subprocess.run(["gpgconf", "--homedir", name, "--kill", "gpg-agent"], check=False)


def must_be_signed(top: Path, *names: str) -> None:
    """git accepts the signature of each commit or tag."""
    for name in names:
        kind = git(top, "cat-file", "-t", name).strip()
        done = subprocess.run(
            ["git", f"verify-{kind}", name], cwd=top, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
