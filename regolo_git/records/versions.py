"""Versions: SemVer 2.0.0 with an optional patch, and optionally prefixed by an environment's name.

    1.0   1.1.0   2.0.0-rc.1   prod-1.0

`1.0` and `1.0.0` are the same version, and build metadata does not distinguish versions.  Precedence is
SemVer's; a version with an environment prefix follows the plain version with the same numbers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import total_ordering
from typing import Literal, Self

from regolo_git.errors import InvalidInput
from regolo_git.records.names import check_environment_name
from regolo_git.text.numbers import counted
from regolo_git.text.printable import printable

Bump = Literal["major", "minor", "patch"]

NUMBER = r"(?:0|[1-9][0-9]{0,17})"
IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
SYNTAX = re.compile(
    rf"(?:(?P<environment>[a-z]+(?:-[a-z]+)*)-|v)?"
    rf"(?P<major>{NUMBER})\.(?P<minor>{NUMBER})(?:\.(?P<patch>{NUMBER}))?"
    rf"(?:-(?P<prerelease>{IDENTIFIER}(?:\.{IDENTIFIER})*))?"
    rf"(?:\+(?P<build>[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
# What people take for a version: any count of numbers, and what may come before and after them.
NUMBERS = re.compile(r"((?:[a-z]+(?:-[a-z]+)*)-|v)?([0-9]+(?:\.[0-9]+)*)((?:[-+].*)?)")
LENGTH = 128
FILE_NAME_LENGTH = 255
SHOWN = 60
HINT = "write a version as 1.0, 1.2.3, 2.0.0-rc.1 or staging-1.0"

Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...], str]


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; `build` and `patch_written` do not count in comparisons."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    environment: str | None = None
    build: str | None = field(default=None)
    patch_written: bool = field(default=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses a version as people type it, with or without a leading `v`.  Raises InvalidInput."""
        if not isinstance(text, str):
            # As a float, 1.10 would silently be 1.1.
            raise InvalidInput(f"version {text!r} is not a string", HINT)
        found = SYNTAX.fullmatch(text) if len(text) <= LENGTH else None
        if found is None:
            reason, hint = _what_is_wrong(text)
            raise InvalidInput(f"'{printable(text[:LENGTH])}' is not a version{reason}", hint)
        environment = found["environment"]
        if environment is not None:
            check_environment_name(environment)
        return cls(
            int(found["major"]),
            int(found["minor"]),
            int(found["patch"] or 0),
            tuple(found["prerelease"].split(".")) if found["prerelease"] else (),
            environment,
            found["build"],
            found["patch"] is not None,
        )

    def text(self, *, zero_patch: bool) -> str:
        """The version as its model writes it: with `zero_patch`, a zero patch is written out."""
        patch = f".{self.patch}" if self.patch or zero_patch else ""
        prerelease = f"-{'.'.join(self.prerelease)}" if self.prerelease else ""
        environment = f"{self.environment}-" if self.environment else ""
        return f"{environment}{self.major}.{self.minor}{patch}{prerelease}"

    @property
    def identity(self) -> str:
        """The canonical text of the version, the same for `1.1` and `1.1.0`: `1.1.0`, `prod-1.0.0`."""
        return self.text(zero_patch=True)

    @property
    def is_release(self) -> bool:
        """Whether it is neither a pre-release nor prefixed by an environment."""
        return not self.prerelease and self.environment is None

    @property
    def precedence(self) -> Precedence:
        """The sort key of versions."""
        identifiers = tuple(
            (False, int(part), "") if part.isdigit() else (True, 0, part) for part in self.prerelease
        )
        released = not self.prerelease
        return (self.major, self.minor, self.patch, released, identifiers, self.environment or "")

    def bump(self, part: Bump) -> "Version":
        """The next release: `minor` turns 1.2.3 into 1.3.0, and any part turns 1.0.0-rc.1 into 1.0.0."""
        if self.prerelease:
            return Version(self.major, self.minor, self.patch, patch_written=self.patch_written)
        numbers = {
            "major": (self.major + 1, 0, 0),
            "minor": (self.major, self.minor + 1, 0),
            "patch": (self.major, self.minor, self.patch + 1),
        }
        return Version(*numbers[part], patch_written=self.patch_written)

    def following(self) -> "Version":
        """The next version of the same kind: 1.2.3 is followed by 1.2.4, 2.0.0-rc.1 by 2.0.0-rc.2."""
        if not self.prerelease:
            return replace(self, patch=self.patch + 1)
        *start, last = self.prerelease
        return replace(
            self, prerelease=(*start, str(int(last) + 1)) if last.isdigit() else (*start, last, "1")
        )

    def __eq__(self, other: object) -> bool:
        return self.precedence == other.precedence if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: "Version") -> bool:
        return self.precedence < other.precedence

    def __hash__(self) -> int:
        return hash(self.precedence)


def _what_is_wrong(text: str) -> tuple[str, str]:
    """Why a text that looks like a version is not one, and what to write instead."""
    if len(text) > LENGTH:
        return f": it is longer than {LENGTH} characters", HINT
    numbers = NUMBERS.fullmatch(text)
    if numbers is None:
        return "", HINT
    start, first, rest = numbers.groups()
    parts = [part.lstrip("0") or "0" for part in first.split(".")]
    reasons = ["its numbers have leading zeros"] if ".".join(parts) != first else []
    reasons += [f"it has {counted(len(parts), 'part')}, not two or three"] if not 2 <= len(parts) <= 3 else []
    more = "." if rest.startswith("-") else ""
    written = ".".join([*parts, "0"] if len(parts) == 1 else parts[:3])
    after = f"-{'.'.join(parts[3:])}{more}{rest.removeprefix('-')}" if len(parts) > 3 else rest
    instead = f"{'' if start in (None, 'v') else start}{written}{after}"
    if not reasons or not SYNTAX.fullmatch(instead):
        return "", HINT
    return f": {' and '.join(reasons)}", f"write it as {instead}"


def next_version(existing: Iterable[Version], bump: Bump) -> Version:
    """Bumps the highest release; without a release, finishes the highest pre-release; otherwise 1.0."""
    versions = [version for version in existing if version.environment is None]
    releases = [version for version in versions if version.is_release]
    if releases:
        return max(releases).bump(bump)
    if versions:
        return max(versions).bump(bump)
    return Version(1, 0, 0, patch_written=False)


def tag_name(model: str, version_text: str) -> str:
    """The tag of a version: `model@v1.0`, or `model@prod-1.0` if it does not start with a digit."""
    return f"{model}@{'v' if version_text[0].isdigit() else ''}{version_text}"


def check_tag_name(name: str) -> str:
    """Returns the name of a tag that a file system can hold, with its lock.  Raises InvalidInput."""
    if len(name.rpartition("/")[2]) + len(".lock") > FILE_NAME_LENGTH:
        raise InvalidInput(
            f"the tag '{name[:SHOWN]}…' would need a file name of more than {FILE_NAME_LENGTH} bytes",
            "choose a shorter version",
        )
    return name


def parse_tag_name(name: str) -> tuple[str, str] | None:
    """The model and version in a version tag's name; None for any other tag."""
    model, at, rest = name.rpartition("@")
    if not model or not at or not rest:
        return None
    text = rest[1:] if rest[0] == "v" and rest[1:2].isdigit() else rest
    return (model, text) if tag_name(model, text) == name and SYNTAX.fullmatch(text) else None
