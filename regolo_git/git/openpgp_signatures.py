"""OpenPGP signatures as git makes them, verified by `gpg` with the public keys of the user's keyring.

A key counts by its fingerprint in the list of signers, whatever trust the keyring gives it.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from regolo_git.git.signature_check import NOT_INTACT, Checked, ask_verifier, text_of, verifier
from regolo_git.git.translate import git_errors

STATUS = "[GNUPG:] "
GOOD = "GOODSIG"
# Each signature has exactly one of these among the status lines of gpg.
OUTCOMES = {
    GOOD: "",
    "BADSIG": NOT_INTACT,
    "ERRSIG": "is of a key that gpg does not have here",
    "EXPSIG": "has expired",
    "EXPKEYSIG": "is of a key that has expired",
    "REVKEYSIG": "is of a key that was revoked",
}


def check_openpgp_signature(
    program: str, payload: bytes, signature: str, signers: Mapping[str, str]
) -> Checked:
    """Verifies a signature over some bytes; `signers` are the names by fingerprint, in capitals.

    The fingerprint is that of the primary key, or of the subkey that signs.  Raises MissingDependency without
    the program.
    """
    gpg = verifier(program, "gnupg")
    with git_errors("a signature"), tempfile.TemporaryDirectory(prefix="regolo-git-") as directory:
        path = Path(directory) / "signature"
        path.write_text(signature, encoding="utf-8")
        options = ("--batch", "--no-auto-key-retrieve", "--status-fd=1")
        answer = ask_verifier(payload, gpg, *options, "--verify", str(path), "-")
    # The name of a key may have Unicode line ends, and after them what looks like another status.
    lines = text_of(answer.stdout).split("\n")
    said = [line.removeprefix(STATUS).split() for line in lines if line.startswith(STATUS)]
    outcomes = [fields[0] for fields in said if fields and fields[0] in OUTCOMES]
    prints = [text for fields in said if fields[:1] == ["VALIDSIG"] for text in (fields[-1], fields[1])]
    if outcomes != [GOOD] or not prints or answer.returncode != 0:
        return Checked(None, (OUTCOMES[outcomes[0]] if len(outcomes) == 1 else "") or NOT_INTACT)
    signer = next((signers[fingerprint] for fingerprint in prints if fingerprint in signers), None)
    return Checked(signer, f"is of a key that is not listed, {prints[0]}" if signer is None else None)
