"""Tagging a commit that is there already, such as a merged version: the tag alone is published.

See `publish.py` for the order of the steps.
"""

from datetime import datetime, timedelta, timezone

import pygit2

from regolo_git.git.identity import Identity
from regolo_git.git.journal import Journal, clear_journal, record_taken_locks, write_journal
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_commit import add_tag, refuse_blocked, refuse_tag
from regolo_git.git.new_objects import NewObjects
from regolo_git.git.publish import lock_file, retry
from regolo_git.git.recovery import recover
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_update import update_refs
from regolo_git.git.repository import GitRepository
from regolo_git.git.settings import SIGNS_TAGS
from regolo_git.git.sharing import share_local
from regolo_git.git.tag_objects import tag_object_bytes
from regolo_git.git.translate import git_errors


def publish_tag(git: GitRepository, name: str, commit: str, message: str, *, sign: bool | None = None) -> str:
    """Tags an existing commit with its own committer and time; returns the id of the tag object.

    The same commit and message give the same object in every clone, unless it is signed: then the tagger is
    the person who signs.  `sign` says whether it is; None is the setting `tag.gpgSign`.  Raises
    VersionExists, LostRace, Conflict if the tag cannot be signed.
    """
    ref = f"refs/tags/{name}"

    def attempt() -> str:
        refuse_tag(git, name)
        refuse_blocked(git, ref)
        with git_errors(f"tag '{name}'"):
            oid = _write_tag_of_commit(git, name, commit, message, sign=sign)
            journal = Journal(None, None, commit, ref, oid, (), (), (lock_file(git, ref),))
            write_journal(git.paths, journal)
            try:
                update_refs(
                    git,
                    [RefChange(ref, None, oid, "regolo: version")],
                    lambda: refuse_tag(git, name),
                    lambda: record_taken_locks(git.paths, journal),
                )
            except (pygit2.GitError, OSError):
                if git.tag_target(name) != oid:
                    raise
            finally:
                clear_journal(git.paths)
        return oid

    share_local(git.paths, git.shared)
    with clone_lock(git.paths):
        recover(git)
        return retry(git, attempt)


def tag_of_commit(git: GitRepository, name: str, commit: str, message: str) -> bytes:
    """The unsigned tag object of an existing commit, with its committer and time."""
    with git_errors(f"tag '{name}'"):
        return tag_object_bytes(commit, name, _committer(git, commit), message)


def _write_tag_of_commit(
    git: GitRepository, name: str, commit: str, message: str, *, sign: bool | None
) -> str:
    tagger, objects = _committer(git, commit), NewObjects(git)
    signed = git.settings().is_true(SIGNS_TAGS) if sign is None else sign
    if signed:
        tagger = git.authorship(when=tagger.when).committer
    oid = add_tag(git, objects, commit, name, tagger, message, signed=signed)
    objects.write()
    return oid


def _committer(git: GitRepository, commit: str) -> Identity:
    signature = git.get(commit).peel(pygit2.Commit).committer
    return Identity(signature.name, signature.email, _when(signature))


def _when(signature: pygit2.Signature) -> datetime:
    zone = timezone(timedelta(minutes=signature.offset))
    return datetime.fromtimestamp(signature.time, zone)
