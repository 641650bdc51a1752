"""The names of branches: what git accepts, and those on which something waits for a review."""

import re
from typing import TYPE_CHECKING

from regolo_git.records.references import version_reference

if TYPE_CHECKING:
    from regolo_git.records.digests import Digest

PROPOSALS = ("propose/", "operate/")  # the prefixes of their branches


MARK_LENGTH = 8


def proposal_branch(model: str, version: str, digest: "Digest") -> str:
    """The branch that proposes a version with some content.

    The beginning of the digest keeps apart what two people propose under one number.  Release 0.1 wrote
    `propose/m@1.1`.
    """
    return f"{proposal_start(model)}{version}+{digest.hex[:MARK_LENGTH]}"


def proposal_start(model: str) -> str:
    """The prefix of the branches that propose versions of a model."""
    return f"propose/{version_reference(model, '')}"


def is_proposal_of(branch: str, model: str, version: str) -> bool:
    """Whether a branch, by its name, proposes a version under some number, also as release 0.1 named it.

    Build metadata, as in `1.1+linux`, does not make it another number.
    """
    return branch.partition("+")[0] == proposal_start(model) + version.partition("+")[0]


def operation_branch(model: str, version: str, subject: str) -> str:
    """The branch that proposes a change of what runs, or of what may run.

    `subject` is the environment or endpoint that is to have the version, or a word for another change:
    `demote/production`, `retire`.  Promotions of release 0.1 are on `propose/production/m@1.1`.
    """
    return f"operate/{subject}/{version_reference(model, version)}"


def evaluation_branch(model: str, version: str, mark: str) -> str:
    """The branch that proposes an evaluation of a version; `mark` distinguishes it from others."""
    return f"propose/evaluate/{version_reference(model, version)}+{mark}"


def label_branch(model: str, version: str, mark: str) -> str:
    """The branch that proposes labels of a version; `mark` distinguishes it from others."""
    return f"propose/label/{version_reference(model, version)}+{mark}"


def description_branch(model: str, mark: str) -> str:
    """The branch that proposes a new description or owner of a model; `mark` distinguishes it from others."""
    return f"propose/describe/{model}+{mark}"


# What `git check-ref-format --branch` refuses.
_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[./]$|^(?:@|HEAD)$")


def is_branch_name(name: str) -> bool:
    """Whether git accepts a name for a branch."""
    return bool(name) and _REFUSED.search(name) is None
