"""Names that are safe on every system: in a ref, in a path and on a command line.

A model is one or more components of lower-case ASCII letters, digits, `.`, `_`, `-`, joined by `/`.
"""

import os
import re
import unicodedata
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.hints import Corrected
from regolo_git.records.plain import plain_text
from regolo_git.text.printable import has_lone_surrogate, printable

MODEL_LENGTH = 200
COMPONENT = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
ENVIRONMENT = re.compile(r"[a-z]+(?:-[a-z]+)*")
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
RESERVED_ENDS = (".toml", ".lock", ".git")
RULE = "use lower-case letters, digits, '.', '_' and '-', with '/' between parts"
PART_RULE = "use lower-case letters, digits, '.', '_' and '-', without '/'"

# Letters, digits, underscores, dots and hyphens, no component with a leading dot: always allowed.
PLAIN_PATH = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*", re.ASCII)


def check_model_name(name: str) -> str:
    """Returns a valid model name.  Raises InvalidInput, naming the problem."""
    model, _, version = name.partition("@")
    if model and version:
        what = f"'{printable(name)}' names a version, and a model is required"
        raise InvalidInput(what, Corrected(name, model, RULE))
    _check_length("model name", name)
    _refuse_upper_case("model name", name)
    for component in name.split("/"):
        _check_component(component, f"model name '{printable(name)}'")
    return name


def check_text(what: str, value: object) -> str:
    """Returns the text of a string.  Raises TypeError otherwise: an unquoted `1.10` would become 1.1."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {value!r}: write it in quotes")
    return plain_text(value)


def checked_path(path: str | os.PathLike[str]) -> Path:
    """The path, which the system can look up.  Raises InvalidInput for one with a NUL character."""
    if "\0" in os.fspath(path):
        raise InvalidInput(f"path '{printable(os.fspath(path))}' has a NUL character")
    return Path(path)


def check_message(message: str) -> str:
    """Returns a commit or tag message that Git can store.  Raises InvalidInput for any other."""
    if "\0" in message:
        raise InvalidInput("a message cannot contain a NUL character")
    if has_lone_surrogate(message):
        raise InvalidInput(f"message '{printable(message)[:40]}' is not valid UTF-8")
    return message


def check_endpoint_name(name: str) -> str:
    """Returns a valid endpoint name: one component of a model name.  Raises InvalidInput."""
    _check_length("endpoint name", name)
    _refuse_upper_case("endpoint name", name, PART_RULE)
    _check_component(name, f"endpoint name '{printable(name)}'", PART_RULE)
    return name


def _check_length(what: str, name: str) -> None:
    if len(name) > MODEL_LENGTH:
        raise InvalidInput(f"{what} '{printable(name[:40])}…' is longer than {MODEL_LENGTH} characters")


def _refuse_upper_case(what: str, name: str, rule: str = RULE) -> None:
    """Raises InvalidInput that offers the lower-case form, if only the case is wrong."""
    lower = name.lower()
    if lower != name and all(map(COMPONENT.fullmatch, lower.split("/"))):
        message = f"{what} '{printable(name)}' cannot be used: it has upper-case letters"
        raise InvalidInput(message, Corrected(name, lower, f"{rule}: '{lower}'"))


def _check_component(component: str, what: str, rule: str = RULE) -> None:
    if not COMPONENT.fullmatch(component) or ".." in component:
        raise InvalidInput(f"{what} cannot be used", rule)
    if component.endswith(RESERVED_ENDS):
        raise InvalidInput(f"{what} cannot be used: a part ends in {' or '.join(RESERVED_ENDS)}", rule)
    if component.partition(".")[0] in DEVICES:
        raise InvalidInput(f"{what} cannot be used: '{component}' is a reserved name on Windows", rule)


def check_environment_name(name: str) -> str:
    """Returns a valid environment name: lower-case words and hyphens, not `latest`.  Raises InvalidInput."""
    lower = check_text("the name of an environment", name).lower()
    if lower != name and ENVIRONMENT.fullmatch(lower):
        message = f"environment name '{printable(name)}' cannot be used: it has upper-case letters"
        raise InvalidInput(message, Corrected(name, lower, f"use '{lower}'"))
    if not ENVIRONMENT.fullmatch(name) or name == "latest" or len(name) > 64:
        raise InvalidInput(
            f"environment name '{printable(name)}' cannot be used",
            "use lower-case letters and single hyphens, as in 'staging'; 'latest' is reserved",
        )
    return name


def check_artifact_path(path: str) -> str:
    """Returns a relative POSIX path that stays inside its directory and out of `.git`.  Raises InvalidInput.

    Rejects what git itself rejects in a tree (`.git` in any case, with trailing dots or spaces, as an NTFS
    short name, or with characters that HFS+ ignores), and paths that the directory digest cannot represent.
    """
    if PLAIN_PATH.fullmatch(path):
        return path  # the fast path: almost every path, in a hundredth of the time
    shown = printable(path)
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in path) or "\\" in path:
        raise InvalidInput(f"path '{shown}' has a control character or a backslash, or is not valid UTF-8")
    for component in path.split("/"):
        if component in ("", ".", ".."):
            raise InvalidInput(f"path '{shown}' is not a plain relative path")
        if _means_git(component):
            raise InvalidInput(f"path '{shown}' points into '.git'")
    return path


def check_file_name(name: str) -> str:
    """Returns the name of a file: a path of one component.  Raises InvalidInput."""
    if "/" in name:
        raise InvalidInput(f"'{printable(name)}' is not the name of a file: it has a slash")
    return check_artifact_path(name)


def _means_git(component: str) -> bool:
    visible = "".join(c for c in component if unicodedata.category(c) != "Cf")
    stem = visible.split(":")[0].rstrip(". ").lower()
    return stem in (".git", "git~1")
