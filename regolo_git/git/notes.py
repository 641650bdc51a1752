"""Notes on commits: what is observed later is kept beside the history, never in it."""

import pygit2

from regolo_git.errors import IntegrityError
from regolo_git.git.lock import clone_lock
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors


def read_note(git: GitRepository, commit: str, ref: str) -> str | None:
    """The text of a commit's note under a ref (`refs/notes/...`); None where there is none."""
    with git_errors(f"note of '{commit}'"):
        try:
            return git.pygit.lookup_note(commit, ref).message
        except KeyError:
            return None


def append_note(git: GitRepository, commit: str, ref: str, line: str) -> None:
    """Adds a line to a commit's note.  Raises IntegrityError where it cannot be read back."""
    people = (git.author(), git.committer())
    author, committer = (pygit2.Signature(p.name, p.email, p.seconds, p.offset) for p in people)
    with clone_lock(git.paths), git_errors(f"note of '{commit}'"):
        text = (read_note(git, commit, ref) or "") + line + "\n"
        git.pygit.create_note(text, author, committer, commit, ref, True)
        if read_note(git, commit, ref) != text:
            raise IntegrityError(f"the note of '{commit}' was not written", "try again")
