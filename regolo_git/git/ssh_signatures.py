"""SSH signatures as git makes them, verified by `ssh-keygen -Y verify` against a list of signers.

Git's own `verify-tag` would trust the signers that the user's configuration names, and those of the work
tree; here the list is given, so that nobody who signs decides who may.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.git.signature_check import NOT_INTACT, Checked, ask_verifier, text_of, verifier
from regolo_git.git.translate import git_errors

if TYPE_CHECKING:
    import subprocess

NAMESPACE = "git"
# What OpenSSH says of a line of the list, and what it means for the signature; the first that is said counts.
REASONS = (
    ("key has expired", "is of a key that had expired by then"),
    ("key is not yet valid", "is of a key that was not valid yet"),
    ("not permitted for use in signature namespace", "is of a key that may not sign for git"),
)


def check_ssh_signature(payload: bytes, signature: str, signers: bytes, seconds: int) -> Checked:
    """Verifies a signature over some bytes by a list in the format of `ssh-keygen`'s ALLOWED SIGNERS.

    A key counts if it was valid at a time, in seconds since 1970; times in the list are UTC unless it says
    otherwise.  Raises MissingDependency without `ssh-keygen`.
    """
    with git_errors("a signature"), tempfile.TemporaryDirectory(prefix="regolo-git-") as name:
        attempt = _Attempt(Path(name), payload, seconds)
        attempt.signature.write_text(signature, encoding="utf-8")
        attempt.signers.write_bytes(signers)
        return attempt.check()


class _Attempt(NamedTuple):
    directory: Path
    payload: bytes
    seconds: int

    @property
    def signature(self) -> Path:
        return self.directory / "signature"

    @property
    def signers(self) -> Path:
        return self.directory / "signers"

    def check(self) -> Checked:
        listed = ("-f", str(self.signers))
        found = self._run("find-principals", *listed, *self._time())
        said = text_of(found.stderr)
        for signer in text_of(found.stdout).strip("\n").split("\n") if found.returncode == 0 else ():
            verified = self._run("verify", *listed, "-n", NAMESPACE, "-I", signer, *self._time())
            if verified.returncode == 0:
                return Checked(signer, None)
            said += text_of(verified.stderr)
        return Checked(None, self._problem(said))

    def _problem(self, said: str) -> str:
        intact = self._run("check-novalidate", "-n", NAMESPACE)
        if intact.returncode != 0:
            return NOT_INTACT
        for words, reason in REASONS:
            if words in said:
                return reason
        fingerprint = text_of(intact.stdout).strip().rpartition(" ")[2]
        return f"is of a key that is not listed, {fingerprint}"

    def _time(self) -> tuple[str]:
        return (f"-Overify-time={datetime.fromtimestamp(self.seconds, UTC):%Y%m%d%H%M%S}",)

    def _run(self, what: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        program = verifier("ssh-keygen", "openssh-client")
        return ask_verifier(self.payload, program, "-Y", what, "-s", str(self.signature), *arguments)
