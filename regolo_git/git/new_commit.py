"""A commit to create, and its Git objects, written before any ref names them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import pygit2

from regolo_git.errors import Conflict, VersionExists
from regolo_git.git.commit_objects import commit_object_bytes
from regolo_git.git.hooks import edited_message
from regolo_git.git.identity import Authorship, Identity
from regolo_git.git.new_objects import NewObjects
from regolo_git.git.refs_state import blocking_ref
from regolo_git.git.repository import GitRepository
from regolo_git.git.settings import SIGNS_COMMITS, SIGNS_TAGS
from regolo_git.git.tag_objects import tag_object_bytes
from regolo_git.git.translate import git_errors
from regolo_git.git.trees import edit_tree
from regolo_git.git.worktrees import FileEdit, WorkTree, work_trees_on
from regolo_git.records.names import check_message

Made = TypeVar("Made")
Other = TypeVar("Other")


class NewTag(NamedTuple):
    """A tag to create: its name, and a function from the blob ids of the written files to its message."""

    name: str
    message_for: Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class NewCommit(Generic[Made]):
    """A commit to create: file contents by path (None deletes), the message, and the tag of a version.

    `made` is the caller's own value for the commit; `publish` returns it.  `without_time` is the content of a
    file without the time of its writing, by which an interrupted run of the same command is recognized.
    """

    files: Mapping[str, bytes | None]
    message: str
    made: Made
    tag: NewTag | None = None
    without_time: Callable[[bytes], object] = bytes

    def with_made(self, made: Other) -> "NewCommit[Other]":
        """The same commit with another value for the caller."""
        return NewCommit(self.files, self.message, made, self.tag, self.without_time)


class WrittenTag(NamedTuple):
    """A tag object, written but not yet named, and the name of its tag."""

    name: str
    oid: str

    @property
    def ref(self) -> str:
        """The full name of the tag's ref."""
        return f"refs/tags/{self.name}"


class WrittenObjects(NamedTuple):
    """The objects of one attempt, the changed files, and the work trees that have the branch checked out."""

    commit: str
    tag: WrittenTag | None
    edits: list[FileEdit]
    work_trees: list[WorkTree]


def write_objects(
    git: GitRepository, branch: str, tip: str | None, new: NewCommit[Made], authorship: Authorship
) -> WrittenObjects:
    """Writes the blobs, trees, commit and tag of a new commit on a branch's tip.

    Raises Conflict if the commit would change nothing, cannot be signed or is refused by a hook,
    VersionExists if the tag exists, InvalidInput for a message that Git cannot store.
    """
    check_message(new.message)
    objects = NewObjects(git)
    with git_errors(f"branch '{branch}'"):
        if new.tag is not None:
            refuse_tag(git, new.tag.name)
            refuse_blocked(git, f"refs/tags/{new.tag.name}")
        before = git.get(tip).peel(pygit2.Commit) if tip else None
        blobs = {
            path: objects.add("blob", content) if content is not None else None
            for path, content in new.files.items()
        }
        tree = edit_tree(objects, before.tree if before else None, blobs)
        if before is not None and tree == str(before.tree.id):
            raise Conflict("nothing would change", f"git log -1 {branch}")
        message = edited_message(git, new.message, authorship)
        commit = add_commit(git, objects, tree, [str(before.id)] if before else [], authorship, message)
        edits = [FileEdit(path, git.blob_oid(tip, path), oid) for path, oid in blobs.items()]
        tag = None
        if new.tag is not None:
            tag = add_new_tag(git, objects, new.tag, commit, blobs, authorship.committer)
        objects.write()
        changed = [edit for edit in edits if edit.old != edit.new]
        return WrittenObjects(commit, tag, changed, work_trees_on(git.paths, branch))


def add_commit(
    git: GitRepository,
    objects: NewObjects,
    tree: str,
    parents: Sequence[str],
    authorship: Authorship,
    message: str,
) -> str:
    """Adds a commit, without a ref, and returns its id.  Raises Conflict if it cannot be signed."""
    if git.settings().is_true(SIGNS_COMMITS):
        from regolo_git.git.signing import signed_commit  # noqa: PLC0415 - few repositories sign

        objects.write()  # git reads the tree
        return signed_commit(git, tree, parents, authorship, message)
    return objects.add("commit", commit_object_bytes(tree, parents, authorship, message))


def add_new_tag(
    git: GitRepository,
    objects: NewObjects,
    new: NewTag,
    commit: str,
    blobs: Mapping[str, str | None],
    tagger: Identity,
) -> WrittenTag:
    """Adds the tag of a new commit, without a ref.  Raises Conflict if it cannot be signed."""
    message = new.message_for({path: oid for path, oid in blobs.items() if oid is not None})
    signed = git.settings().is_true(SIGNS_TAGS)
    return WrittenTag(new.name, add_tag(git, objects, commit, new.name, tagger, message, signed=signed))


def add_tag(
    git: GitRepository,
    objects: NewObjects,
    commit: str,
    name: str,
    tagger: Identity,
    message: str,
    *,
    signed: bool,
) -> str:
    """Adds a tag object, without a ref, and returns its id.  Raises Conflict if it cannot be signed."""
    if signed:
        from regolo_git.git.signing import signed_tag  # noqa: PLC0415 - few repositories sign

        objects.write()  # git reads the commit
        return signed_tag(git, commit, name, tagger, message)
    return objects.add("tag", tag_object_bytes(commit, name, tagger, message))


def refuse_tag(git: GitRepository, name: str) -> None:
    """Raises VersionExists if a tag exists."""
    if git.tag_target(name) is not None:
        raise VersionExists(f"tag '{name}' already exists, and version tags never move", f"git show {name}")


def refuse_blocked(git: GitRepository, ref: str) -> None:
    """Raises Conflict if another ref blocks a new one, because one name is a directory of the other.

    libgit2 does not check packed refs, and its error for loose refs does not name the other ref.
    """
    other = blocking_ref(git.paths, ref)
    if other is not None:
        kind = "tag" if ref.startswith("refs/tags/") else "branch"
        here, there = (name.split("/", 2)[2] for name in (ref, other))
        raise Conflict(f"{kind} '{there}' blocks the name of {kind} '{here}'", f"git {kind} --list")
