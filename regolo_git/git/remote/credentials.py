"""The user names and passwords for a host, where there is no `git` to ask its credential helpers.

In git's order: those in the URL, the helpers of the configuration, `~/.netrc`, the program that asks
(`GIT_ASKPASS`, `core.askPass`, `SSH_ASKPASS`), and the terminal.
"""

import getpass
import netrc
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dulwich.client import get_credentials_from_store

from regolo_git.git.environment import asking_program, configuration_homes, environment_of_remote
from regolo_git.git.remote.addresses import HttpAddress
from regolo_git.git.repository import GitRepository

HELPER_SECONDS = 300  # it may ask the user, in a window


class Credentials(NamedTuple):
    """A user name and a password."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Without the password, for tracebacks and logs."""
        return f"Credentials({self.user!r}, ...)"


def credentials_for(git: GitRepository, address: HttpAddress) -> Iterator[Credentials]:
    """What may open an address, one after another, as far as it is asked for."""
    if address.user is not None and address.password is not None:
        yield Credentials(address.user, address.password)
    for helper in _helpers(git, address):
        yield from _from_helper(helper, address)
    yield from _from_netrc(address)
    program = asking_program(git.config_get("core.askPass"))
    if program is not None:
        yield from _from_program(program, address)
    elif os.isatty(0) and os.isatty(2):
        user = address.user or input(f"Username for '{address.base}': ")
        yield Credentials(user, getpass.getpass(f"Password for '{user}' at '{address.base}': "))


def _helpers(git: GitRepository, address: HttpAddress) -> list[str]:
    """The helpers that the configuration names for the address; an empty value resets the list."""
    places = address.base, address.base.removesuffix("/")
    names = {"credential.helper", *(f"credential.{place}.helper" for place in places)}
    found: list[str] = []
    for entry in git.pygit.config:
        if entry.name in names:
            found = [*found, entry.value] if entry.value else []
    return found


def _from_helper(helper: str, address: HttpAddress) -> Iterator[Credentials]:
    words = shlex.split(helper) if not helper.startswith("!") else [helper]
    if words and words[0] == "store":
        yield from _from_file(words[1:], address)
        return
    command = helper.removeprefix("!")
    if not helper.startswith(("!", "/")):
        if not words or shutil.which(f"git-credential-{words[0]}") is None:
            return  # it came with git
        command = f"git-credential-{helper}"
    given = {"protocol": address.scheme, "host": address.host}
    if address.user is not None:
        given["username"] = address.user
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} get"],
            input="".join(f"{key}={value}\n" for key, value in given.items()) + "\n",
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=HELPER_SECONDS,
            env=environment_of_remote({}, asks=True),
        )
        told = dict(line.split("=", 1) for line in done.stdout.split("\n") if "=" in line)
        if "username" in told and "password" in told:
            yield Credentials(told["username"], told["password"])


def _from_file(options: list[str], address: HttpAddress) -> Iterator[Credentials]:
    """From the file of git's helper `store`."""
    named = [option.partition("=")[2] for option in options if option.startswith("--file=")]
    homes = configuration_homes()
    usual = [f"{homes[0]}/.git-credentials", f"{homes[1]}/credentials"] if homes else []
    for place in (Path(name).expanduser() for name in named or usual):
        for host in dict.fromkeys((address.host, address.host.partition(":")[0])):
            found = get_credentials_from_store(address.scheme, host, address.user, [str(place)])
            yield from (Credentials(user, password) for user, password in found)


def _from_netrc(address: HttpAddress) -> Iterator[Credentials]:
    homes = configuration_homes()
    with suppress(OSError, netrc.NetrcParseError):
        entries = netrc.netrc(f"{homes[0]}/.netrc" if homes else None)
        found = entries.authenticators(address.host.partition(":")[0])
        if found is not None and address.user in (None, found[0]):
            yield Credentials(found[0], found[2] or "")


def _from_program(program: str, address: HttpAddress) -> Iterator[Credentials]:
    answers = []
    if address.user is None:
        answers.append(_asked(program, f"Username for '{address.base[:-1]}': "))
    user = address.user or answers[0]
    answers.append(_asked(program, f"Password for '{address.scheme}://{user}@{address.host}': "))
    if all(answers):
        yield Credentials(user, answers[-1])


def _asked(program: str, question: str) -> str:
    with suppress(OSError):
        done = subprocess.run([program, question], stdout=subprocess.PIPE, text=True, check=False)
        return done.stdout.rstrip("\r\n") if done.returncode == 0 else ""
    return ""
