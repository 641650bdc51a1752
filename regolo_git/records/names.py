"""Names that are safe on every system, in a ref, in a path and on a command line.

A model is one or more components of lower-case ASCII letters, digits, `.`, `_`, `-`, joined by `/`.
"""

import re
import unicodedata

from regolo_git.errors import InvalidInput
from regolo_git.text.printable import has_lone_surrogate, printable

MODEL_LENGTH = 200
COMPONENT = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
ENVIRONMENT = re.compile(r"[a-z]+(?:-[a-z]+)*")
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
RESERVED_ENDS = (".toml", ".lock", ".git")
RULE = "a name has lower-case letters, digits, '.', '_', '-', and '/' between its parts"

# Letters, digits, underscores, dots and hyphens, and no component that begins with a dot: nothing to refuse.
PLAIN_PATH = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*", re.ASCII)


def check_model_name(name: str) -> str:
    """Returns the name, or raises InvalidInput saying what is wrong with it."""
    if len(name) > MODEL_LENGTH:
        raise InvalidInput(f"model name '{name[:40]}…' is longer than {MODEL_LENGTH} characters")
    for component in name.split("/"):
        _check_component(component, f"model name '{printable(name)}'")
    return name


def check_text(what: str, value: object) -> str:
    """The value, if it is text.  Raises TypeError: `1.10` without quotes is 1.1, and nobody would notice."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is text, not {value!r}: write it in quotes")
    return value


def check_message(message: str) -> str:
    """The message of a commit or tag, if Git can hold it.  Raises InvalidInput."""
    if "\0" in message:
        raise InvalidInput("a message cannot hold the character NUL, which ends it for Git")
    if has_lone_surrogate(message):
        raise InvalidInput(f"message '{printable(message)[:40]}' is no text in UTF-8")
    return message


def check_endpoint_name(name: str) -> str:
    """An endpoint is one component of the same form.  Raises InvalidInput."""
    if len(name) > MODEL_LENGTH:
        raise InvalidInput(f"endpoint name '{name[:40]}…' is longer than {MODEL_LENGTH} characters")
    _check_component(name, f"endpoint name '{printable(name)}'")
    return name


def _check_component(component: str, what: str) -> None:
    if not COMPONENT.fullmatch(component) or ".." in component:
        raise InvalidInput(f"{what} cannot be used", RULE)
    if component.endswith(RESERVED_ENDS):
        raise InvalidInput(f"{what} cannot be used: a part ends in {' or '.join(RESERVED_ENDS)}", RULE)
    if component.partition(".")[0] in DEVICES:
        raise InvalidInput(f"{what} cannot be used: '{component}' is a device on Windows", RULE)


def check_environment_name(name: str) -> str:
    """Lower-case words joined by hyphens, not `latest`.  Raises InvalidInput."""
    if not ENVIRONMENT.fullmatch(name) or name == "latest" or len(name) > 64:
        raise InvalidInput(
            f"environment name '{printable(name)}' cannot be used",
            "an environment has lower-case letters and single hyphens, as 'staging'; 'latest' is taken",
        )
    return name


def check_artifact_path(path: str) -> str:
    """A relative POSIX path that stays inside its directory and out of `.git`.  Raises InvalidInput.

    Refuses what git itself refuses in a tree (`.git` in any case, with trailing dots or spaces, as NTFS short
    name, or with characters that HFS+ ignores), and paths that the directory digest cannot hold.
    """
    if PLAIN_PATH.fullmatch(path):
        return path  # as nearly all are, and in a hundredth of the time
    shown = printable(path)
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in path) or "\\" in path:
        raise InvalidInput(f"path '{shown}' has a control character, a backslash or no UTF-8 form")
    for component in path.split("/"):
        if component in ("", ".", ".."):
            raise InvalidInput(f"path '{shown}' is not relative and plain")
        if _means_git(component):
            raise InvalidInput(f"path '{shown}' points into '.git'")
    return path


def _means_git(component: str) -> bool:
    visible = "".join(c for c in component if unicodedata.category(c) != "Cf")
    stem = visible.split(":")[0].rstrip(". ").lower()
    return stem in (".git", "git~1")
