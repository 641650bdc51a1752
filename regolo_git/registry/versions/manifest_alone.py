"""A manifest that was removed alone: the model's other records stay, and say nothing about any version.

It happens where a conflict is resolved by removing the file, or by a revert.  A model is deleted by removing
all of its records.
"""

import shlex

from regolo_git.records.paths import manifest_path
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.numbers import few_of

NAMED = 5


def removed_alone(after: RecordsAt, model: str) -> str | None:
    """What is wrong where a commit has no manifest of a model that had one; None if the model is deleted."""
    left = after.beside_manifest(model)
    if not left:
        return None
    directory = manifest_path(model).rpartition("/")[0]
    rest = few_of(left[:NAMED], len(left))
    return f"'{manifest_path(model)}' was removed without the rest of '{directory}' ({rest})"


def way_back(revision: str, model: str) -> str:
    """The command that brings a manifest back as a revision has it."""
    return f"git checkout {shlex.quote(revision)} -- {shlex.quote(manifest_path(model))}"
