"""Reads one Git repository: commits, trees, blobs, refs and configuration."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

import pygit2

from regolo_git.errors import IntegrityError, MissingObject, NotFound, TransportError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import Role
from regolo_git.git.identity import (
    Authorship,
    Identity,
    check_time,
    find_person,
    parse_identity,
    read_time,
    unknown_person,
    utc,
)
from regolo_git.git.library import set_up_library
from regolo_git.git.own_settings import set_own_value
from regolo_git.git.per_thread import PerThread
from regolo_git.git.program import try_git
from regolo_git.git.promised_objects import PromisedObjects
from regolo_git.git.refs_state import branch_tip, head_branch, head_commit, newest_known, ref_target
from regolo_git.git.settings import Settings, SettingsReader
from regolo_git.git.sharing import share_objects, shared_mode
from regolo_git.git.tag_objects import TagObject, parse_tag_object
from regolo_git.git.translate import git_errors
from regolo_git.git.unreported import Unreported
from regolo_git.system_errors import DISK_FULL, FREE_SPACE

# With less free space than this, nothing can be written any more.
FULL_BYTES = 1 << 16
PERSON_AND_TIME = re.compile(r"(.+) <([^<>]+)> \d+ [+-]\d{4}")


class CommitInfo(NamedTuple):
    """A commit; people are `Name <address>`, times are UTC."""

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
        """The value of a trailer in the message's last paragraph; None if there is none."""
        for line in reversed(self.message.rstrip().split("\n")):
            if not line.strip():
                return None
            name, colon, value = line.partition(": ")
            if colon and name == key:
                return value
        return None


def ignore_notice(text: str) -> None:
    """Drops a notice; a caller that opens a repository for a user sets `on_notice`."""


class GitRepository:
    """An open repository, for any thread and for forked children; every method raises only RegoloError."""

    def __init__(self, paths: RepositoryPaths) -> None:
        self.paths = paths
        self._opened = PerThread(paths)
        self.on_notice: Callable[[str], None] = ignore_notice
        self._settings = SettingsReader(paths)
        self.unreported = Unreported(paths)

    @classmethod
    def open(cls, paths: RepositoryPaths) -> Self:
        """Opens a repository.  Raises IntegrityError, NotFound, or Conflict if another user owns it."""
        if not paths.git_dir.exists():  # as for a value that was pickled on another machine
            raise NotFound(
                f"there is no Git repository at '{paths.top}'", "open the registry where it is now"
            )
        with git_errors(f"repository '{paths.top}'"):
            set_up_library()
            return cls(paths)

    @property
    def pygit(self) -> pygit2.Repository:
        """The library's repository of this thread."""
        return self._opened.get()[0]

    @property
    def promised(self) -> PromisedObjects | None:
        """The objects that a partial clone lacks; None in any other clone."""
        return self._opened.get()[1]

    def reopen(self) -> None:
        """Opens the repository again, because packs may have been replaced."""
        self._opened.reopen()

    def get(self, oid: str) -> pygit2.Object:
        """An object by its id.  Raises MissingObject, after a second try in case `git gc` moved it."""
        try:
            return self.pygit[oid]
        except (KeyError, pygit2.GitError, OSError):
            self.reopen()
        with git_errors(f"object '{oid}'"):
            return self.pygit[oid]

    def has(self, oid: str) -> bool:
        """Whether an object is in this clone."""
        return pygit2.Oid(hex=oid) in self.pygit.odb  # `in` the repository itself reads it

    def require_written(self, oids: Sequence[str]) -> None:
        """Checks that new objects exist.  Raises MissingObject, or TransportError if the disk is full.

        libgit2 reports success when `git gc` removes an empty `objects/xx` between its mkdir and its rename,
        and when the disk is full (seen with 1.9.7), so objects are checked before a ref names them.
        """
        objects = f"{self.paths.common_dir}/objects"
        share_objects(self.paths, self.shared, oids)
        for oid in oids:
            if not Path(f"{objects}/{oid[:2]}/{oid[2:]}").exists() and pygit2.Oid(hex=oid) not in self.pygit:
                disk = os.statvfs(objects)
                if disk.f_bavail * disk.f_frsize < FULL_BYTES:
                    raise TransportError(f"object '{oid}' cannot be written: {DISK_FULL}", FREE_SPACE)
                raise MissingObject(f"object '{oid}' was written but cannot be found", "try again")

    @property
    def shared(self) -> int:
        """The modes that `core.sharedRepository` asks for; see `shared_mode`."""
        return shared_mode(self.settings().get("core.sharedRepository"))

    @property
    def is_shared(self) -> bool:
        """Whether other users work in this repository."""
        return self.shared != 0

    @property
    def is_bare(self) -> bool:
        """Whether the repository has no work tree."""
        return self.paths.work_tree is None

    @property
    def is_shallow(self) -> bool:
        """Whether the clone is shallow."""
        return self.pygit.is_shallow

    # -- refs ---------------------------------------------------------------------------------------------

    def head_branch(self) -> str | None:
        """The checked-out branch, even before its first commit; None on a detached HEAD."""
        return head_branch(self.paths)

    def head_commit(self) -> str | None:
        """The checked-out commit; None before the first one."""
        return head_commit(self.paths)

    def branch_tip(self, branch: str) -> str | None:
        """The tip of a local branch; None if there is none."""
        return branch_tip(self.paths, branch)

    def branches(self) -> Iterator[tuple[str, str]]:
        """The name and tip of every branch, local branches before those last fetched from `origin`."""
        from regolo_git.git.branch_list import list_branches  # noqa: PLC0415 - few commands list them

        return list_branches(self.paths)

    def remote_branch_tip(self, remote: str, branch: str) -> str | None:
        """The tip of a remote's branch as last fetched; None if there is none."""
        return ref_target(self.paths, f"refs/remotes/{remote}/{branch}")

    def newest_known(self, branch: str) -> str | None:
        """The tip of a branch, or of `origin`'s if this clone does not have the branch."""
        return newest_known(self.paths, branch)

    def tag_target(self, name: str) -> str | None:
        """The object of a tag's ref; None if there is none."""
        return ref_target(self.paths, f"refs/tags/{name}")

    def resolve(self, revision: str) -> str:
        """The commit that a revision names.  Raises NotFound."""
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

    # The commit of a branch before its first commit is None, and has no files.

    def blob_oid(self, commit: str | None, path: str) -> str | None:
        """The id of the blob at a path of a commit; None if there is no file."""
        entry = self._entry(commit, path)
        return str(entry.id) if isinstance(entry, pygit2.Blob) else None

    def read_file(self, commit: str | None, path: str) -> bytes | None:
        """The bytes of the file at a path of a commit; None if there is no file."""
        entry = self._entry(commit, path)
        if not isinstance(entry, pygit2.Blob):
            return None
        with git_errors(f"object '{entry.id}'"):
            return entry.data

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
        with git_errors(f"'{prefix}' of commit '{commit}'"):
            return list(files_below(top, prefix)) if isinstance(top, pygit2.Tree) else []

    def read_tag_object(self, oid: str) -> TagObject | None:
        """An annotated tag; None for any other object, such as the target of a lightweight tag."""
        try:
            kind, data = self.pygit.read(oid)
        except (KeyError, pygit2.GitError, OSError):
            tag = self.get(oid)  # retries after reopening
            kind, data = tag.type, tag.read_raw()
        return parse_tag_object(data) if kind == pygit2.enums.ObjectType.TAG else None

    def tag_signature(self, oid: str) -> str | None:
        """The armored signature of a tag object; None if it has none."""
        tag = self.read_tag_object(oid)
        return tag.signature if tag is not None else None

    def commit_info(self, oid: str) -> CommitInfo:
        """A commit by its id.  Raises NotFound."""
        with git_errors(f"commit '{oid}'"):
            return _info(self.get(oid).peel(pygit2.Commit))

    def first_parent(self, oid: str) -> str | None:
        """The first parent of a commit; None for a root, and at the boundary of a shallow clone."""
        with git_errors(f"commit '{oid}'"):
            parents = self.get(oid).peel(pygit2.Commit).parent_ids
            return str(parents[0]) if parents else None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether a commit equals or precedes another."""
        with git_errors(f"commit '{ancestor}'"):
            return ancestor == descendant or self.pygit.descendant_of(descendant, ancestor)

    # -- configuration ------------------------------------------------------------------------------------

    def config_get(self, key: str) -> str | None:
        """A value of git's configuration; None if it is not set."""
        return self.settings().get(key) or None

    def steady(self) -> AbstractContextManager[None]:
        """A block in which the settings are those of its beginning: a verb asks for them thirty times."""
        return self._settings.steady()

    def settings(self) -> Settings:
        """Git's whole configuration as of now."""
        return self._settings.read(self.pygit)

    def config_set(self, key: str, value: str | None) -> None:
        """Sets a value in the repository's own configuration; None removes it."""
        set_own_value(self.paths, key, value)

    def authorship(self, person: str | None = None, when: datetime | None = None) -> Authorship:
        """The author and committer of a new commit.

        `person` ("Name <address>") and `when` replace the values of Git's environment, configuration and
        clock for both.  Raises InvalidInput if Git has no name and address, or for a time that Git cannot
        store.
        """
        return Authorship(self._identity("AUTHOR", person, when), self._identity("COMMITTER", person, when))

    def _identity(self, role: Role, person: str | None, when: datetime | None) -> Identity:
        if person is not None:
            return parse_identity(person, check_time(when) if when is not None else read_time(role))
        settings, prefix = self.settings(), role.lower()
        configured = (
            settings.get(f"{prefix}.{part}") or settings.get(f"user.{part}") for part in ("name", "email")
        )
        name, email = find_person(role, *configured) or self._person_by_git(role)
        return Identity(name, email, check_time(when) if when is not None else read_time(role))

    def _person_by_git(self, role: Role) -> tuple[str, str]:
        """The person that git derives from the system, unless `user.useConfigOnly` forbids it."""
        if shutil.which("git") is None:
            raise unknown_person(role, "there is none in its configuration")
        answer = try_git(self.paths.git_dir, self.paths.work_tree, "var", f"GIT_{role}_IDENT")
        found = PERSON_AND_TIME.fullmatch(answer.output.decode("utf-8", "replace").strip())
        if answer.status != 0 or found is None:
            raise unknown_person(role, answer.words.rpartition("fatal: ")[2])
        return found[1], found[2]


def blob_id(data: bytes) -> str:
    """The id that a blob of these bytes has, whether it was written or not."""
    return str(pygit2.hash(data))


def files_below(tree: pygit2.Tree, prefix: str) -> Iterator[tuple[str, str]]:
    """(path, blob id) of every file of a tree, in tree order, with `prefix` before each path."""
    # Iterative, because a hostile tree can be deeper than the recursion limit.
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
