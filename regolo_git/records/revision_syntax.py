"""What a user names to look at: a version, a model at a commit, or everything between two commits.

`REV:MODEL` is a model at a branch, a proposal or any commit, split at the last colon; `:MODEL` is
the work tree.  `MODEL@A..B` is a range of versions where MODEL is a model and A and B are versions of it or
environments; any other text with `..` is a range of commits, or from their common commit with `...`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.names import check_model_name
from regolo_git.records.references import Reference
from regolo_git.text.printable import printable

HINT = "use MODEL, MODEL@1.0, REV:MODEL or :MODEL (the work tree)"
WORK_TREE = ""  # in place of a revision
HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class AtRevision:
    """A model as a revision has it; `revision` is as typed, and empty for the work tree."""

    revision: str
    model: str

    def __str__(self) -> str:
        return f"{self.revision}:{self.model}"


@dataclass(frozen=True, slots=True)
class VersionRange:
    """The versions of a model after `a`, up to `b`."""

    a: Reference
    b: Reference

    def __str__(self) -> str:
        return f"{self.a}..{str(self.b).partition('@')[2]}"


@dataclass(frozen=True, slots=True)
class CommitRange:
    """From commit `a` to `b`, or to `b` from the newest commit that both have if `from_common`."""

    a: str
    b: str
    from_common: bool

    @classmethod
    def parse(cls, text: str) -> "CommitRange | None":
        """Parses `A..B` or `A...B`, in which a side that is left out is HEAD; None for any other text."""
        dots = "..." if "..." in text else ".."
        a, found, b = text.partition(dots)
        if not found:
            return None
        if ".." in b or b.startswith(".") or text == dots:
            raise InvalidInput(f"'{printable(text)}' is not a range of commits", "use A..B or A...B")
        return cls(a or HEAD, b or HEAD, from_common=dots == "...")

    def __str__(self) -> str:
        return f"{self.a}{'...' if self.from_common else '..'}{self.b}"


OneVersion = Reference | AtRevision
Target = OneVersion | VersionRange | CommitRange


def parse_one(text: str) -> OneVersion:
    """Parses what stands for one version.  Raises InvalidInput, for a range too."""
    if ":" in text:
        return _at_revision(text)
    if ".." in text:
        raise InvalidInput(f"'{printable(text)}' is a range, and one version is required", Hint("diff", text))
    return Reference.parse(text)


def parse_target(text: str, is_model: Callable[[str], bool]) -> Target:
    """Parses what stands for one version or for a range; `is_model` knows the models of the registry.

    Raises InvalidInput.
    """
    versions = _version_range(text, is_model) if ".." in text else None
    if versions is not None:
        return versions
    commits = CommitRange.parse(text) if ":" not in text else None
    return commits or parse_one(text)


def _at_revision(text: str) -> AtRevision:
    revision, _, model = text.rpartition(":")
    if not model:
        raise InvalidInput(f"'{printable(text)}' names no model", f"{HINT}; as in {printable(text)}MODEL")
    if "@" in model:
        named = model.partition("@")[0]
        raise InvalidInput(
            f"'{printable(text)}' names a revision and a version: the revision decides the version",
            f"use {printable(revision)}:{printable(named)} or {printable(model)}",
        )
    if ".." in revision:
        a, _, b = (revision if "..." not in revision else revision.replace("...", "..")).partition("..")
        sides = [f"{side.partition(':')[0] or HEAD}:{model}" for side in (a, b)]
        raise InvalidInput(
            f"'{printable(text)}' names two commits, and one is required", Hint("diff", *sides)
        )
    return AtRevision(revision, check_model_name(model))


def _version_range(text: str, is_model: Callable[[str], bool]) -> VersionRange | None:
    model, at, selectors = text.partition("@")
    a, dots, b = selectors.partition("..")
    if not (at and dots and a and b) or "@" in b:
        return None
    try:
        found = VersionRange(Reference.select(model, a), Reference.select(model, b.removeprefix(".")))
    except InvalidInput:
        return None
    return found if is_model(model) else None
