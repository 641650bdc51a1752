"""What verifying a signature comes to, and the programs that do it."""

import shutil
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import MissingDependency
from regolo_git.forks import no_fork
from regolo_git.git.environment import environment_in_utc
from regolo_git.git.program import given_input

if TYPE_CHECKING:
    import subprocess

NOT_INTACT = "does not fit what it signs"


class Checked(NamedTuple):
    """The signer whose signature it is, or what is wrong with it; exactly one of them is not None."""

    signer: str | None
    problem: str | None


def verifier(name: str, package: str) -> str:
    """The path of a program that verifies signatures.  Raises MissingDependency."""
    found = shutil.which(name)
    if found is None:
        raise MissingDependency(
            f"the program '{name}' is not on PATH; it verifies signatures", f"apt-get install {package}"
        )
    return found


def ask_verifier(payload: bytes, *command: str) -> "subprocess.CompletedProcess[bytes]":
    """Runs a verifier on the signed bytes, its messages in English and its times in UTC."""
    import subprocess  # noqa: PLC0415 - few environments require a signature

    with given_input(payload) as stdin, no_fork():
        return subprocess.run(
            command, stdin=stdin, capture_output=True, env=environment_in_utc(), check=False
        )


def text_of(output: bytes) -> str:
    """What a verifier printed."""
    return output.decode("utf-8", "replace")
