"""The text of git notes: reading needs none of what writing one does."""

from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors


def read_note(git: GitRepository, commit: str, ref: str) -> str | None:
    """The text of a commit's note under a ref (`refs/notes/...`); None if there is none."""
    with git_errors(f"note of '{commit}'"):
        try:
            return git.pygit.lookup_note(commit, ref).message
        except KeyError:
            return None
