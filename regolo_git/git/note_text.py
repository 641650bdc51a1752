"""The text of git notes: reading needs none of what writing one does."""

from collections.abc import Iterator

import pygit2

from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors


def read_note(git: GitRepository, commit: str, ref: str) -> str | None:
    """The text of a commit's note under a ref (`refs/notes/...`); None if there is none."""
    with git_errors(f"note of '{commit}'"):
        try:
            return _text(git, git.pygit.lookup_note(commit, ref))
        except KeyError:
            return None


def read_notes(git: GitRepository, ref: str) -> Iterator[tuple[str, str]]:
    """Every object with a note under a ref, and the text of the note."""
    if ref_target(git.paths, ref) is None:
        return
    with git_errors(f"notes '{ref}'"):
        for note in git.pygit.notes(ref):  # type: ignore[call-arg]  # the stub lacks the argument
            yield str(note.annotated_id), _text(git, note)


def _text(git: GitRepository, note: pygit2.Note) -> str:
    """The text in a blob: the library's own ends at a zero byte, after which anybody could hide lines."""
    return git.get(str(note.id)).read_raw().decode("utf-8", "replace").replace("\0", "\ufffd")
