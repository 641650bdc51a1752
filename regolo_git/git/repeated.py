"""Whether a command is about to commit what an interrupted run of it already committed."""

import pygit2

from regolo_git.git.hooks import COMMIT_MSG, has_hook
from regolo_git.git.journal import Journal
from regolo_git.git.new_commit import Made, NewCommit
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository, blob_id
from regolo_git.git.translate import git_errors


def unreported_on(git: GitRepository, branch: str) -> Journal | None:
    """The unreported publication on a branch, if the branch still contains it and its tag is in place.

    Requires the lock of the clone.
    """
    left = git.unreported.find()
    if left is None or left.branch_ref != f"refs/heads/{branch}":
        return None
    tip = ref_target(git.paths, left.branch_ref)
    if tip is None or left.new not in git.pygit or not git.is_ancestor(left.new, tip):
        return None
    tagged = left.tag_ref is None or ref_target(git.paths, left.tag_ref) == left.tag_oid
    return left if tagged else None


def start_of(git: GitRepository, commit: str) -> str | None:
    """The commit that a publication started from; None for the first one."""
    parents = git.commit_info(commit).parents
    return parents[0] if parents else None


def is_repeated(git: GitRepository, left: Journal, new: NewCommit[Made]) -> bool:
    """Whether a commit prepared for the start of an unreported one would be the same, apart from its time.

    Files that somebody changed since are not the same.
    """
    tag = f"refs/tags/{new.tag.name}" if new.tag is not None else None
    # A hook may have changed the message; then the files decide.
    same_message = has_hook(git, COMMIT_MSG) or _message(git, left.new) == new.message
    if tag != left.tag_ref or not same_message:
        return False
    tip = ref_target(git.paths, str(left.branch_ref))
    return all(
        _is_same(git, left.new, path, content, new) and _is_unchanged(git, left.new, tip, path)
        for path, content in new.files.items()
    )


def _message(git: GitRepository, commit: str) -> str:
    with git_errors(f"commit '{commit}'"):
        return git.get(commit).peel(pygit2.Commit).message


def _is_same(git: GitRepository, commit: str, path: str, content: bytes | None, new: NewCommit[Made]) -> bool:
    held = git.blob_oid(commit, path)
    if held is None or content is None:
        return held is None and content is None
    return held == blob_id(content) or new.without_time(git.read_blob(held)) == new.without_time(content)


def _is_unchanged(git: GitRepository, commit: str, tip: str | None, path: str) -> bool:
    return git.blob_oid(commit, path) == git.blob_oid(tip, path)
