"""The commits of a change: the base that it is to be merged into, where it began, and its last commit."""

from dataclasses import dataclass

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.history import common_commit, is_in_history
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import CommitRange
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.missing_revision import find_commit, no_common_commit
from regolo_git.text.commits import short
from regolo_git.text.printable import printable


@dataclass(frozen=True, slots=True)
class ChangeRange:
    """A change by its commits; `base` has the rules that it is judged by.

    The names are for people.  `model` limits the review to one model.
    """

    base: str | None
    fork: str | None
    head: str
    base_name: str
    head_name: str
    model: str | None = None

    @property
    def text(self) -> str:
        """The argument of `git regolo review`."""
        return f"{self.base_name}..{self.head_name}"


def change_between(handle: Handle, base: str, head: str) -> ChangeRange:
    """The change that merging `head` into `base` would bring.

    Raises NotFound for a commit that this clone lacks, and if the two have no common one.
    """
    ends = find_commit(handle.git, base), find_commit(handle.git, head)
    fork = common_commit(handle.git, *ends)
    if fork is None:
        raise no_common_commit(handle.git, base, head)
    return ChangeRange(ends[0], fork, ends[1], base, head)


def change_of(handle: Handle, text: str) -> ChangeRange:
    """The change that `BASE..HEAD`, `MODEL@VERSION` or one revision names.

    A version is compared with what was there before its commit, a revision that is not merged with the
    registry branch, any other with its first parent.  Raises InvalidInput, NotFound.
    """
    commits = CommitRange.parse(text)
    if commits is not None:
        return change_between(handle, commits.a, commits.b)
    if not text.strip():
        raise InvalidInput("the range of commits is empty", "use BASE..HEAD")
    reference = _version(handle, text)
    if reference is not None:
        row = find_row(handle, reference)
        return _since_parent(handle, row.commit_oid, row.tag, row.model)
    head = find_commit(handle.git, text)
    branch, tip = handle.registry_branch(), handle.registry_tip()
    if not is_in_history(handle.git, head, tip):
        return change_between(handle, _name_of(handle, branch), text)
    return _since_parent(handle, head, text, None)


def _name_of(handle: Handle, branch: str) -> str:
    """A branch as git finds its tip: as last fetched where there is none here."""
    tip = handle.registry_tip()
    return branch if handle.git.branch_tip(branch) == tip else f"origin/{branch}"


def _version(handle: Handle, text: str) -> Reference | None:
    """The version that a text names; None for a revision, which may have an `@` as well."""
    if "@" not in text or text.startswith("@") or "@{" in text:
        return None
    try:
        reference = Reference.parse(text)
        find_row(handle, reference)
    except (InvalidInput, NotFound):
        return None
    return reference


def _since_parent(handle: Handle, head: str, name: str, model: str | None) -> ChangeRange:
    parent = handle.git.first_parent(head)
    if parent is None and handle.git.is_shallow:
        raise NotFound(
            f"this clone lacks the parent of '{printable(name)}', which is compared with it",
            "git fetch --unshallow --tags",
        )
    before = short(parent) if parent is not None else "nothing"
    return ChangeRange(parent, parent, head, before, name, model)
