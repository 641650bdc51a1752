"""A version of this clone, and the number that it gets instead of its own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regolo_git.git.tag_index import TagRow
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import version_reference

RENUMBERED = "Regolo-Renumbered"  # the trailer of a commit with the old reference and tag object


@dataclass(frozen=True, slots=True)
class Step:
    """A version and its new number; `commit` is its new commit, None until it was committed again."""

    row: TagRow
    manifest: Manifest
    version: str
    commit: str | None = None

    @property
    def before(self) -> str:
        """The reference with the old number."""
        return version_reference(self.row.model, self.row.version)

    @property
    def after(self) -> str:
        """The reference with the new number."""
        return version_reference(self.row.model, self.version)

    @property
    def committed(self) -> str:
        """The new commit of a version that was committed again."""
        assert self.commit is not None, self.after
        return self.commit


def with_new_numbers(text: str, steps: Sequence[Step]) -> str:
    """A message with the new references of versions in place of the old ones."""
    return with_new_references(text, {step.before: step.after for step in steps})


def with_new_references(text: str, new: Mapping[str, str]) -> str:
    """A message with other references of versions in place of those that are keys of `new`."""
    names = {before: after for before, after in new.items() if before != after}
    if not names:
        return text
    either = "|".join(re.escape(name) for name in names)
    return re.sub(rf"(?<![\w./-])(?:{either})(?![\w.-])", lambda found: names[found[0]], text)
