"""What a publication proposes, and the Git objects that are made of it, which nothing names yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pygit2
from pygit2.enums import ObjectType

from regolo_git.errors import Conflict, VersionExists
from regolo_git.git.identity import Identity
from regolo_git.git.refs_state import blocking_ref
from regolo_git.git.repository import GitRepository
from regolo_git.git.tag_objects import tag_object_bytes
from regolo_git.git.translate import git_errors
from regolo_git.git.trees import edit_tree
from regolo_git.git.worktrees import FileEdit, WorkTree, work_trees_on
from regolo_git.records.names import check_message


@dataclass(frozen=True, slots=True)
class TagProposal:
    """A tag to make: its name, and its message from the blob ids of the files that were written."""

    name: str
    message_for: Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to commit: file contents by path (None deletes), the message, and the tag of a version."""

    files: Mapping[str, bytes | None]
    message: str
    tag: TagProposal | None = None


@dataclass(slots=True)
class WrittenObjects:
    """The objects of one attempt, written and not yet named."""

    commit: str
    edits: list[FileEdit]
    tag_name: str | None = None
    tag_oid: str | None = None
    work_trees: list[WorkTree] = field(default_factory=list)
    touched: bool = False


def write_objects(git: GitRepository, branch: str, tip: str | None, proposal: Proposal) -> WrittenObjects:
    """Writes the blobs, trees, commit and tag of a proposal on a branch's tip.

    Raises Conflict where the commit would change nothing, VersionExists where the tag is there, InvalidInput
    for a message that Git cannot hold.
    """
    repository = git.pygit
    check_message(proposal.message)
    with git_errors(f"branch '{branch}'"):
        if proposal.tag is not None:
            refuse_tag(git, proposal.tag.name)
            refuse_blocked(git, f"refs/tags/{proposal.tag.name}")
        author, committer = git.author(), git.committer()
        before = git.get(tip).peel(pygit2.Commit) if tip else None
        blobs = {
            path: str(repository.create_blob(content)) if content is not None else None
            for path, content in proposal.files.items()
        }
        trees: list[str] = []
        tree = edit_tree(repository, before.tree if before else None, blobs, trees)
        if before is not None and tree == before.tree.id:
            raise Conflict("nothing would change", f"git log -1 {branch}")
        commit = str(
            repository.create_commit(
                None, signature_of(author), signature_of(committer), proposal.message, tree,
                [before.id] if before else [],
            )
        )  # fmt: skip
        edits = [FileEdit(path, git.blob_oid(tip, path), new) for path, new in blobs.items()]
        objects = WrittenObjects(commit, [edit for edit in edits if edit.old != edit.new])
        if proposal.tag is not None:
            message = proposal.tag.message_for({path: oid for path, oid in blobs.items() if oid is not None})
            raw = tag_object_bytes(commit, proposal.tag.name, committer, message)
            objects.tag_name, objects.tag_oid = (
                proposal.tag.name,
                str(repository.odb.write(ObjectType.TAG, raw)),
            )
        named = [oid for oid in (*blobs.values(), *trees, commit, objects.tag_oid) if oid is not None]
        git.require_written(named)
        objects.work_trees = work_trees_on(git.paths, branch)
        return objects


def signature_of(identity: Identity) -> pygit2.Signature:
    """The same for the library."""
    return pygit2.Signature(identity.name, identity.email, identity.seconds, identity.offset)


def refuse_tag(git: GitRepository, name: str) -> None:
    """Raises VersionExists where a tag is there."""
    if git.tag_target(name) is not None:
        raise VersionExists(f"tag '{name}' exists already, and version tags never move", f"git show {name}")


def refuse_blocked(git: GitRepository, ref: str) -> None:
    """Raises Conflict where the ref of another branch or tag is in the way of a new one.

    libgit2 does not look whether a packed ref is, and says something else where a loose one is.
    """
    other = blocking_ref(git.paths, ref)
    if other is not None:
        kind = "tag" if ref.startswith("refs/tags/") else "branch"
        here, there = (name.split("/", 2)[2] for name in (ref, other))
        raise Conflict(f"{kind} '{there}' is in the way of {kind} '{here}'", f"git {kind} --list")
