"""Git notes: observations about a commit, kept outside the history."""

from regolo_git.errors import MissingObject
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_commit import signature_of
from regolo_git.git.publish import retry
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

# The ref for building the next notes commit; always reset first, so the leftover of a killed run is harmless.
DRAFT = "refs/regolo/notes-draft"


def read_note(git: GitRepository, commit: str, ref: str) -> str | None:
    """The text of a commit's note under a ref (`refs/notes/...`); None if there is none."""
    with git_errors(f"note of '{commit}'"):
        try:
            return git.pygit.lookup_note(commit, ref).message
        except KeyError:
            return None


def append_note(git: GitRepository, commit: str, ref: str, line: str) -> None:
    """Appends a line to a commit's note.  Raises LostRace if another program keeps writing notes."""

    def attempt() -> None:
        with git_errors(f"note of '{commit}'"):
            _append(git, commit, ref, line)

    with clone_lock(git.paths):
        retry(git, attempt)


def _append(git: GitRepository, commit: str, ref: str, line: str) -> None:
    authorship = git.authorship()
    author, committer = signature_of(authorship.author), signature_of(authorship.committer)
    # The library moves a notes ref without comparing its old value, and would drop what `git notes` wrote in
    # the meantime.  So write under the lock of the ref.
    with git.pygit.transaction() as transaction:
        transaction.lock_ref(ref)
        _set_draft(git, ref_target(git.paths, ref))
        text = read_note(git, commit, DRAFT) or ""
        text += "" if not text or text.endswith("\n") else "\n"
        git.pygit.create_note(text + line + "\n", author, committer, commit, DRAFT, True)
        written = ref_target(git.paths, DRAFT)
        if written is None or read_note(git, commit, DRAFT) != text + line + "\n":
            raise MissingObject(f"the note on '{commit}' was written but cannot be found", "try again")
        transaction.set_target(ref, written, message="regolo: note")
    _set_draft(git, None)


def _set_draft(git: GitRepository, target: str | None) -> None:
    with git.pygit.transaction() as transaction:
        transaction.lock_ref(DRAFT)
        if target is not None:
            transaction.set_target(DRAFT, target)
        elif ref_target(git.paths, DRAFT) is not None:
            transaction.remove(DRAFT)
