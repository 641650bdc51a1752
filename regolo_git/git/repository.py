"""Reading one Git repository: commits, trees, blobs, refs and configuration."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import pygit2

from regolo_git.errors import IntegrityError, MissingObject, NotFound, TransportError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import Role
from regolo_git.git.identity import (
    Authorship,
    Identity,
    check_time,
    parse_identity,
    read_identity,
    read_time,
    utc,
)
from regolo_git.git.refs_state import branch_tip, head_branch, head_commit, newest_known, ref_target
from regolo_git.git.settings import read_setting
from regolo_git.git.tag_objects import TagObject, parse_tag_object
from regolo_git.git.translate import git_errors

# What is left of a disk on which nothing can be written any more.
FULL_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A commit; people read `Name <address>`, times are UTC."""

    oid: str
    parents: tuple[str, ...]
    author: str
    committer: str
    committed_at: datetime
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]

    def trailer(self, key: str) -> str | None:
        """The value of a trailer in the message's last paragraph; None where there is none."""
        for line in reversed(self.message.rstrip().split("\n")):
            if not line.strip():
                return None
            name, colon, value = line.partition(": ")
            if colon and name == key:
                return value
        return None


class GitRepository:
    """One repository, opened; every method raises our errors only."""

    def __init__(self, paths: RepositoryPaths, opened: pygit2.Repository) -> None:
        self.paths = paths
        self.pygit = opened

    @classmethod
    def open(cls, paths: RepositoryPaths) -> Self:
        """Opens a repository that was found.  Raises IntegrityError, Conflict for one of another user."""
        with git_errors(f"repository '{paths.top}'"):
            # Objects are on the disk before a ref that names them is.
            pygit2.option(pygit2.enums.Option.ENABLE_FSYNC_GITDIR, True)
            return cls(paths, pygit2.Repository(str(paths.git_dir)))

    def reopen(self) -> None:
        """Looks at the repository afresh: packs may have been replaced."""
        with git_errors(f"repository '{self.paths.top}'"):
            self.pygit = pygit2.Repository(str(self.paths.git_dir))

    def get(self, oid: str) -> pygit2.Object:
        """An object by its id.  Raises MissingObject, after a second look in case `git gc` moved it."""
        try:
            return self.pygit[oid]
        except (KeyError, pygit2.GitError, OSError):
            self.reopen()
        with git_errors(f"object '{oid}'"):
            return self.pygit[oid]

    def require_written(self, oids: Sequence[str]) -> None:
        """Raises MissingObject for an object that was just written and is not there, TransportError if the
        disk is full.

        libgit2 reports success when `git gc` removes an emptied `objects/xx` at the instant between its mkdir
        and its rename, and when the disk is full (seen with 1.9.7), so what is about to be named is looked
        at once more.
        """
        objects = self.paths.common_dir / "objects"
        for oid in oids:
            if not (objects / oid[:2] / oid[2:]).exists() and pygit2.Oid(hex=oid) not in self.pygit:
                disk = os.statvfs(objects)
                if disk.f_bavail * disk.f_frsize < FULL_BYTES:
                    raise TransportError(
                        f"object '{oid}' cannot be written: the disk is full", "free some space and try again"
                    )
                raise MissingObject(f"object '{oid}' was written and is not there", "try again")

    @property
    def is_bare(self) -> bool:
        """Whether there is no work tree."""
        return self.paths.work_tree is None

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut off when cloning."""
        return self.pygit.is_shallow

    # -- refs ---------------------------------------------------------------------------------------------

    def head_branch(self) -> str | None:
        """The branch that is checked out, even before its first commit; None on a detached HEAD."""
        return head_branch(self.paths)

    def head_commit(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return head_commit(self.paths)

    def branch_tip(self, branch: str) -> str | None:
        """The commit of a local branch; None where there is none."""
        return branch_tip(self.paths, branch)

    def branches(self) -> Iterator[tuple[str, str]]:
        """Name and commit of every branch, those here before those of `origin` as last fetched."""
        with git_errors("branches"):
            here, fetched = list(self.pygit.branches.local), list(self.pygit.branches.remote)
        named = [(name, self.branch_tip(name)) for name in here]
        ours = [name.removeprefix("origin/") for name in fetched if name.startswith("origin/")]
        named += [(name, self.remote_branch_tip("origin", name)) for name in ours if name != "HEAD"]
        yield from ((name, commit) for name, commit in named if commit is not None)

    def remote_branch_tip(self, remote: str, branch: str) -> str | None:
        """The commit of a remote's branch as last fetched; None where there is none."""
        return ref_target(self.paths, f"refs/remotes/{remote}/{branch}")

    def newest_known(self, branch: str) -> str | None:
        """The commit that a branch's next one comes after: its own, or where it is not here, `origin`'s."""
        return newest_known(self.paths, branch)

    def tag_target(self, name: str) -> str | None:
        """The object that a tag's ref points to; None where there is none."""
        return ref_target(self.paths, f"refs/tags/{name}")

    def resolve(self, revision: str) -> str:
        """The commit that a revision means.  Raises NotFound."""
        try:
            return str(self.pygit.revparse_single(revision).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise NotFound(f"there is no revision '{revision}'", "git log --oneline") from error

    # -- objects ------------------------------------------------------------------------------------------

    def read_blob(self, oid: str) -> bytes:
        """The bytes of a blob.  Raises NotFound, IntegrityError."""
        with git_errors(f"object '{oid}'"):
            found = self.get(oid)
            if not isinstance(found, pygit2.Blob):
                raise IntegrityError(f"object '{oid}' is not a file", "git fsck")
            return found.data

    # A branch before its first commit is None, and has no file.

    def blob_oid(self, commit: str | None, path: str) -> str | None:
        """The blob at a path of a commit; None where there is no file."""
        entry = self._entry(commit, path)
        return str(entry.id) if isinstance(entry, pygit2.Blob) else None

    def read_file(self, commit: str | None, path: str) -> bytes | None:
        """The bytes at a path of a commit; None where there is no file."""
        entry = self._entry(commit, path)
        return entry.data if isinstance(entry, pygit2.Blob) else None

    def _entry(self, commit: str | None, path: str) -> pygit2.Object | None:
        if commit is None:
            return None
        with git_errors(f"commit '{commit}'"):
            tree = self.get(commit).peel(pygit2.Tree)
        try:
            return tree[path]
        except KeyError:
            return None

    def list_files(self, commit: str | None, prefix: str) -> list[tuple[str, str]]:
        """(path, blob id) of every file below a directory of a commit, in the order of the tree."""
        top = self._entry(commit, prefix)
        return list(files_below(top, prefix)) if isinstance(top, pygit2.Tree) else []

    def read_tag_object(self, oid: str) -> TagObject | None:
        """An annotated tag; None for any other object, as a lightweight tag points to."""
        try:
            kind, data = self.pygit.read(oid)
        except (KeyError, pygit2.GitError, OSError):
            tag = self.get(oid)  # after another look
            kind, data = tag.type, tag.read_raw()
        return parse_tag_object(data) if kind == pygit2.enums.ObjectType.TAG else None

    def tag_signature(self, oid: str) -> str | None:
        """The armored signature of a tag object; None where it has none."""
        tag = self.read_tag_object(oid)
        return tag.signature if tag is not None else None

    def commit_info(self, oid: str) -> CommitInfo:
        """A commit by its id.  Raises NotFound."""
        with git_errors(f"commit '{oid}'"):
            return _info(self.get(oid).peel(pygit2.Commit))

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether a commit is another one or comes before it."""
        with git_errors(f"commit '{ancestor}'"):
            return ancestor == descendant or self.pygit.descendant_of(descendant, ancestor)

    # -- configuration ------------------------------------------------------------------------------------

    def config_get(self, key: str) -> str | None:
        """A value of git's configuration; None where it is not set."""
        return read_setting(self.paths, self.pygit, key)

    def config_set(self, key: str, value: str | None) -> None:
        """Sets a value in the repository's own configuration; None removes it."""
        with git_errors("git's configuration"):
            config = pygit2.Config(str(self.paths.common_dir / "config"))
            if value is not None:
                config[key] = value
            elif key in config:
                del config[key]

    def authorship(self, person: str | None = None, when: datetime | None = None) -> Authorship:
        """Who writes and who commits a commit now.

        `person` ("Name <address>") and `when` take the place of what Git's environment, configuration and
        clock say of both.  Raises InvalidInput where Git does not know who it is, or for a time that it
        cannot hold.
        """
        return Authorship(self._identity("AUTHOR", person, when), self._identity("COMMITTER", person, when))

    def _identity(self, role: Role, person: str | None, when: datetime | None) -> Identity:
        if person is not None:
            return parse_identity(person, check_time(when) if when is not None else read_time(role))
        prefix = role.lower()
        name = self.config_get(f"{prefix}.name") or self.config_get("user.name")
        email = self.config_get(f"{prefix}.email") or self.config_get("user.email")
        known = read_identity(role, name, email)
        return replace(known, when=check_time(when)) if when is not None else known


def files_below(tree: pygit2.Tree, prefix: str) -> Iterator[tuple[str, str]]:
    """(path, blob id) of every file of a tree, in its order, with `prefix` before each path."""
    # Not by calling itself: anybody can write a tree that is deeper than the interpreter goes.
    waiting = [(prefix, iter(tree))]
    while waiting:
        place, entries = waiting[-1]
        entry = next(entries, None)
        if entry is None:
            waiting.pop()
        elif isinstance(entry, pygit2.Tree):
            waiting.append((f"{place}/{entry.name}", iter(entry)))
        elif isinstance(entry, pygit2.Blob):
            yield f"{place}/{entry.name}", str(entry.id)


def _info(commit: pygit2.Commit) -> CommitInfo:
    return CommitInfo(
        oid=str(commit.id),
        parents=tuple(str(parent) for parent in commit.parent_ids),
        author=f"{commit.author.name} <{commit.author.email}>",
        committer=f"{commit.committer.name} <{commit.committer.email}>",
        committed_at=utc(commit.commit_time),
        message=commit.message,
    )
