"""What this clone knows of a remote's branch: where it was when last seen, and that ours follows it."""

from regolo_git.git.refs_state import ref_target
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.transport import BRANCHES
from regolo_git.git.remotes import fetch_refspecs, tracking_ref
from regolo_git.git.repository import GitRepository


def follow_remote(git: GitRepository, remote: str, branch: str, tip: str) -> None:
    """Notes where a remote's branch is now, and has a branch that follows none follow it."""
    ref = tracking_ref(remote, branch)
    if fetch_refspecs(git, remote) and ref_target(git.paths, ref) != tip:
        transport_of(git).fetch(remote, [f"+{BRANCHES}{branch}:{ref}"])
    if git.config_get(f"branch.{branch}.remote") is None:
        git.config_set(f"branch.{branch}.remote", remote)
        git.config_set(f"branch.{branch}.merge", f"{BRANCHES}{branch}")
