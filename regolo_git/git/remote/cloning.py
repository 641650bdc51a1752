"""Clones a repository where there is no `git` program, as `git clone` leaves it."""

from pathlib import Path

import pygit2
from pygit2.enums import CheckoutStrategy

from regolo_git.git.discover import find_repository
from regolo_git.git.remote.transport import BRANCHES, TAGS, OnGitProgress
from regolo_git.git.remote.with_dulwich import DulwichTransport
from regolo_git.git.repository import GitRepository
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors

ORIGIN = "refs/remotes/origin/"
FALLBACK = "main"
CREATE = CheckoutStrategy.SAFE | CheckoutStrategy.RECREATE_MISSING


def clone_without_git(url: str, directory: Path, *, checkout: bool, on_progress: OnGitProgress) -> None:
    """Clones into a directory that is empty or not there."""
    source = _absolute(url)  # before there is a directory that the URL could name
    with git_errors(f"'{directory}'"):
        pygit2.init_repository(str(directory), initial_head=FALLBACK)
    git = GitRepository.open(find_repository(directory, {}))
    for key, value in (("url", source), ("fetch", f"+{BRANCHES}*:{ORIGIN}*")):
        git.config_set(f"remote.origin.{key}", value)
    transport = DulwichTransport(git)
    branch, refs = transport.head("origin"), transport.refs("origin", [f"{BRANCHES}*", f"{TAGS}*"])
    transport.fetch("origin", list(refs), on_progress)
    _write_refs(git, refs)
    if branch is not None:
        _start_branch(git, branch, refs, checkout=checkout)


def _absolute(url: str) -> str:
    """A path from the root, as git writes it."""
    return str(Path(url).resolve()) if Path(url).exists() else url


def _write_refs(git: GitRepository, refs: dict[str, str]) -> None:
    """Writes the refs as packed ones: nobody else uses the clone yet."""
    ours = {ref.replace(BRANCHES, ORIGIN, 1) if ref.startswith(BRANCHES) else ref: refs[ref] for ref in refs}
    lines = ["# pack-refs with: sorted \n", *(f"{ours[ref]} {ref}\n" for ref in sorted(ours))]
    with git_errors("refs"):
        replace_file(git.paths.common_dir / "packed-refs", "".join(lines).encode("utf-8", "surrogateescape"))
    git.reopen()


def _start_branch(git: GitRepository, branch: str, refs: dict[str, str], *, checkout: bool) -> None:
    """Begins the branch of the remote's HEAD, and checks it out."""
    tip = refs.get(f"{BRANCHES}{branch}")
    with git_errors(f"branch '{branch}'"):
        git.pygit.set_head(f"{BRANCHES}{branch}")
        git.config_set(f"branch.{branch}.remote", "origin")
        git.config_set(f"branch.{branch}.merge", f"{BRANCHES}{branch}")
        if tip is None:
            return  # of a repository without a commit
        git.pygit.references.create(f"{ORIGIN}HEAD", f"{ORIGIN}{branch}")
        git.pygit.references.create(f"{BRANCHES}{branch}", tip)
        if checkout:
            git.pygit.checkout(f"{BRANCHES}{branch}", strategy=CREATE)
