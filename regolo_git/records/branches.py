"""The names of branches: what git accepts, and those on which something waits for a review."""

import re

from regolo_git.records.references import version_reference

PROPOSALS = ("propose/", "operate/")  # what their branches begin with


def proposal_branch(model: str, version: str, environment: str | None = None) -> str:
    """The branch that proposes a version, or its promotion to an environment."""
    place = f"{environment}/" if environment is not None else ""
    return f"propose/{place}{version_reference(model, version)}"


def demotion_branch(model: str, version: str, environment: str) -> str:
    """The branch that proposes to take a version out of an environment."""
    return proposal_branch(model, version, f"demote/{environment}")


def evaluation_branch(model: str, version: str, mark: str) -> str:
    """The branch that proposes an evaluation of a version; `mark` tells it from other ones."""
    return f"{proposal_branch(model, version, 'evaluate')}+{mark}"


# What `git check-ref-format --branch` refuses.
_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[./]$|^(?:@|HEAD)$")


def is_branch_name(name: str) -> bool:
    """Whether git accepts a name for a branch."""
    return bool(name) and _REFUSED.search(name) is None
