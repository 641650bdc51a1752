"""What git, ssh and servers write when a remote cannot be used, as errors of ours, for both transports.

The table is read in order.  A line from git that matches no entry is passed on unchanged.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from regolo_git.errors import Conflict, NotFound, RegoloError, TransportError
from regolo_git.git.translate import is_full
from regolo_git.hints import NextStep
from regolo_git.system_errors import DISK_FULL, FREE_SPACE

CREDENTIALS = re.compile(r"(?<=://)[^/@\s']*@")
ADDRESS = re.compile(r"[a-z+]+://[^'\s]+")
URLS = "git remote -v"
AGAIN = "try again"
NOT_TOLD = ("hint:", "warning:", "error: failed to push some refs", "Please make sure", "and the repository")


class Failure(NamedTuple):
    """The words of a failure, what is wrong ("{}" is the first group of the words), and the next step."""

    words: re.Pattern[str]
    problem: str
    hint: Callable[[str, str], NextStep]
    kind: type[RegoloError] = TransportError


def _step(text: str) -> Callable[[str, str], NextStep]:
    """A hint with the name of the remote (`{remote}`) and the first group of the words (`{found}`)."""
    return lambda remote, found: text.format(remote=remote, found=found)


def _words(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


FAILURES = (
    Failure(
        _words(r"detected dubious ownership in repository at '([^']+)'"),
        "'{}' is owned by another user",
        _step("git config --global --add safe.directory {found}"),
    ),
    Failure(
        _words(r"REMOTE HOST IDENTIFICATION HAS CHANGED[^\0]*?Host key for (\S+) has changed"),
        "the host key of '{}' is not the known one: this may be another machine",
        _step("ssh-keygen -R {found}   (only if its administrator confirms the new key)"),
    ),
    Failure(
        _words(r"REMOTE HOST IDENTIFICATION HAS CHANGED"),
        "its host key is not the known one: this may be another machine",
        _step("ssh-keygen -R HOST   (only if its administrator confirms the new key)"),
    ),
    Failure(
        _words(r"Host key verification failed"),
        "its host key is not known",
        _step("ssh HOST   (shows the key, and asks whether to trust it)"),
    ),
    Failure(
        _words(
            r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled"
            r"|returned error: 401"
        ),
        "the credentials are missing or were rejected",
        _step("git ls-remote {remote}   (asks for them; git help credentials: how to keep them)"),
    ),
    Failure(
        _words(
            r"Permission denied \((?:publickey|password|keyboard)[^)]*\)|Too many authentication failures"
        ),
        "the host accepted none of the SSH keys",
        _step("ssh-add -l   (the keys that are tried)"),
    ),
    Failure(
        _words(
            r"returned error: 403|permission to \S+ denied|write access to repository not granted"
            r"|DENIED by fallthru|not allowed to push (?:code )?to this|insufficient permission"
            r"|unable to create temporary object|(?:unpack|remote).*permission denied"
        ),
        "no permission to write",
        _step(URLS),
    ),
    Failure(
        _words(r"does not support --atomic push|does not support atomic push"),
        "the server cannot move several refs in one step (git's protocol: atomic)",
        _step("git push {remote} BRANCH TAG   (one after the other)"),
    ),
    Failure(
        _words(r"couldn't find remote ref (\S+)"),
        "there is no ref '{}'",
        _step("git ls-remote {remote}"),
        NotFound,
    ),
    Failure(
        _words(
            r"does not appear to be a git repository|repository .*not found|No such remote"
            r"|project you were looking for could not|repository '[^']*' does not exist"
            r"|not a git repository|returned error: 404"
        ),
        "there is no Git repository, or none that you may see",
        _step(URLS),
        NotFound,
    ),
    Failure(
        _words(
            r"Could not resolve (?:host(?:name)?|proxy):? ?([^\s:;,']*)|Failed to resolve '([^']+)'"
            r"|Name or service not known"
        ),
        "host '{}' is not known",
        _step(URLS),
    ),
    Failure(
        _words(
            r"SSL certificate|certificate verif|gnutls_handshake|SSL_connect|SSL routines|SSLError"
            r"|TLS (?:connect|alert|packet|handshake)"
        ),
        "the connection is not secure",
        _step("git ls-remote {remote}   (git help config: http.sslCAInfo names further authorities)"),
    ),
    Failure(_words(r"timed out|too slow|timeout was reached"), "no answer in time", _step(AGAIN)),
    Failure(
        _words(r"Connection refused|Failed to connect|Couldn't connect|unreachable|No route to host"),
        "the host does not accept connections",
        _step(URLS),
    ),
    Failure(
        _words(r"returned error: (429|5\d\d)"), "the server has a problem (HTTP status {})", _step(AGAIN)
    ),
    Failure(
        _words(
            r"hung up|early EOF|unexpected disconnect|Connection (?:closed|reset)|RPC failed|unexpected EOF"
            r"|kex_exchange_identification|Broken pipe|Empty reply|bad line length"
            r"|transfer closed"
        ),
        "the connection broke",
        _step(AGAIN),
    ),
    Failure(
        _words(r"cannot lock ref|Unable to create '[^']*\.lock'|failed to update ref"),
        "another program moves the same refs",
        _step(AGAIN),
        Conflict,
    ),
)


def remote_failure(remote: str, own: Sequence[str], said: Sequence[str] = ()) -> RegoloError:
    """The error for a failed exchange with a remote, from the lines of git or ssh and those of the server."""
    name, told = without_credentials(remote), _told(own)
    if is_full("\n".join(said)) or any(is_full(line) for line in own if "remote" in line.lower()):
        return TransportError(f"remote '{name}': {DISK_FULL} there", URLS)
    if any(is_full(line) for line in own):
        return TransportError(f"remote '{name}': {DISK_FULL}", FREE_SPACE)
    text = "\n".join((*said, *own))
    for failure in FAILURES:
        if (found := failure.words.search(text)) is not None:
            subject = (found[found.lastindex] if found.lastindex else None) or _host(text) or name
            problem = failure.problem.format(subject)
            return failure.kind(
                f"remote '{name}': {problem}{_because(said, told)}", failure.hint(name, subject)
            )
    return TransportError(f"remote '{name}': {'; '.join(told[-3:]) or 'git gave no reason'}", URLS)


def without_credentials(text: str) -> str:
    """The text with no user and password in its URLs."""
    return CREDENTIALS.sub("", text)


def _told(lines: Iterable[str]) -> list[str]:
    """The lines that say something, without credentials."""
    lines = (line.strip() for line in lines)
    return [without_credentials(line).rstrip(".") for line in lines if line and not line.startswith(NOT_TOLD)]


def _because(said: Sequence[str], told: Sequence[str]) -> str:
    """The server's words, or git's, in brackets."""
    words = _told(said)[-3:] or [line for line in told if line.startswith(("fatal: ", "ssh: "))][:1]
    return f" ({'; '.join(words)})" if words else ""


def _host(text: str) -> str | None:
    address = ADDRESS.search(text)
    return address[0].partition("://")[2].partition("/")[0].rpartition("@")[2] if address else None
