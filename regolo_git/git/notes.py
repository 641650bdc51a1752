"""Writing git notes: observations about a commit, kept outside the history."""

from collections.abc import Iterator

import pygit2

from regolo_git.errors import MissingObject
from regolo_git.git.identity import Identity
from regolo_git.git.lock import clone_lock
from regolo_git.git.note_text import read_note
from regolo_git.git.publish import retry
from regolo_git.git.ref_locks import locked_by_library
from regolo_git.git.ref_update import amend_ref
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.sharing import share_local, share_objects, share_ref
from regolo_git.git.translate import git_errors

# The ref for building the next notes commit; always reset first, so the leftover of a killed run is harmless.
DRAFT = "refs/regolo/notes-draft"


def append_note(git: GitRepository, commit: str, ref: str, line: str) -> None:
    """Appends a line to a commit's note.  Raises LostRace if another program keeps writing notes."""

    def attempt() -> None:
        with git_errors(f"note of '{commit}'"):
            amend_ref(git, ref, "regolo: note", lambda notes: _append(git, notes, commit, line))

    share_local(git.paths, git.shared)
    with clone_lock(git.paths):
        retry(git, attempt)


def _append(git: GitRepository, notes: str | None, commit: str, line: str) -> str:
    """The notes commit that has one more line in the note of a commit."""
    authorship = git.authorship()
    author, committer = _signature(authorship.author), _signature(authorship.committer)
    # The library moves a notes ref without comparing its old value, and would drop what `git notes` wrote in
    # the meantime.  So the note is written on a draft.
    _set_draft(git, notes)
    try:
        text = read_note(git, commit, DRAFT) or ""
        text += "" if not text or text.endswith("\n") else "\n"
        git.pygit.create_note(text + line + "\n", author, committer, commit, DRAFT, True)
        written = ref_target(git.paths, DRAFT)
        if written is None or read_note(git, commit, DRAFT) != text + line + "\n":
            raise MissingObject(f"the note on '{commit}' was written but cannot be found", "try again")
        share_objects(git.paths, git.shared, _objects(git, written, commit))
        return written
    finally:
        _set_draft(git, None)


def _signature(identity: Identity) -> pygit2.Signature:
    return pygit2.Signature(identity.name, identity.email, identity.seconds, identity.offset)


def _objects(git: GitRepository, notes: str, commit: str) -> Iterator[str]:
    """The notes commit, its trees down to the note of a commit, and the note; more notes, more levels."""
    yield notes
    place: pygit2.Object = git.get(notes).peel(pygit2.Tree)
    rest = commit
    while isinstance(place, pygit2.Tree):
        yield str(place.id)
        name = next(name for name in (rest, rest[:2]) if name in place)
        place, rest = place[name], rest[2:]
    yield str(place.id)


def _set_draft(git: GitRepository, target: str | None) -> None:
    with locked_by_library(git, [DRAFT]) as transaction:
        share_ref(git.paths, git.shared, DRAFT)
        if target is not None:
            transaction.set_target(DRAFT, target)
        elif ref_target(git.paths, DRAFT) is not None:
            transaction.remove(DRAFT)
