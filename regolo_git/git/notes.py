"""Notes on commits: what is observed later is kept beside the history, never in it."""

from regolo_git.errors import MissingObject
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_commit import signature_of
from regolo_git.git.publish import retry
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

# Where the next commit of notes is made; always set anew, so what a killed run left is in nobody's way.
DRAFT = "refs/regolo/notes-draft"


def read_note(git: GitRepository, commit: str, ref: str) -> str | None:
    """The text of a commit's note under a ref (`refs/notes/...`); None where there is none."""
    with git_errors(f"note of '{commit}'"):
        try:
            return git.pygit.lookup_note(commit, ref).message
        except KeyError:
            return None


def append_note(git: GitRepository, commit: str, ref: str, line: str) -> None:
    """Adds a line to a commit's note.  Raises LostRace where another program keeps writing notes."""

    def attempt() -> None:
        with git_errors(f"note of '{commit}'"):
            _append(git, commit, ref, line)

    with clone_lock(git.paths):
        retry(git, attempt)


def _append(git: GitRepository, commit: str, ref: str, line: str) -> None:
    authorship = git.authorship()
    author, committer = signature_of(authorship.author), signature_of(authorship.committer)
    # The library moves a ref of notes without a look at where it stands, and so would take away what `git
    # notes` wrote in the meantime.  Under the lock of the ref nobody writes.
    with git.pygit.transaction() as transaction:
        transaction.lock_ref(ref)
        _set_draft(git, ref_target(git.paths, ref))
        text = read_note(git, commit, DRAFT) or ""
        text += "" if not text or text.endswith("\n") else "\n"
        git.pygit.create_note(text + line + "\n", author, committer, commit, DRAFT, True)
        made = ref_target(git.paths, DRAFT)
        if made is None or read_note(git, commit, DRAFT) != text + line + "\n":
            raise MissingObject(f"the note of '{commit}' was written and is not there", "try again")
        transaction.set_target(ref, made, message="regolo: note")
    _set_draft(git, None)


def _set_draft(git: GitRepository, target: str | None) -> None:
    with git.pygit.transaction() as transaction:
        transaction.lock_ref(DRAFT)
        if target is not None:
            transaction.set_target(DRAFT, target)
        elif ref_target(git.paths, DRAFT) is not None:
            transaction.remove(DRAFT)
