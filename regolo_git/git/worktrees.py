"""Where a branch is checked out, and that our files there can be written without touching anybody's work.

The user's index and uncommitted work stay as they are; only the files that a commit of ours writes are
written, and only where they hold what the branch holds.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.index_file import NO_OBJECT, remove_leftovers, set_entries
from regolo_git.git.program import run_git
from regolo_git.git.translate import git_errors

UNDER_WAY = {
    "MERGE_HEAD": ("a merge", "git merge --continue"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --continue"),
    "REVERT_HEAD": ("a revert", "git revert --continue"),
    "rebase-merge": ("a rebase", "git rebase --continue"),
    "rebase-apply/applying": ("a series of patches", "git am --continue"),
    "rebase-apply": ("a rebase", "git rebase --continue"),
}


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A work tree and the Git directory of its own."""

    git_dir: Path
    top: Path


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file of ours on its way: the blobs before and after, None where there is no file."""

    path: str
    old: str | None
    new: str | None


def work_trees_on(paths: RepositoryPaths, branch: str) -> list[WorkTree]:
    """The work trees that have a branch checked out, or that are rebasing it."""
    return [tree for tree in _work_trees(paths) if _stands_on(tree.git_dir, branch)]


def _work_trees(paths: RepositoryPaths) -> list[WorkTree]:
    trees = []
    main = paths.work_tree if paths.git_dir == paths.common_dir else _main_work_tree(paths.common_dir)
    if main is not None:
        trees.append(WorkTree(paths.common_dir, main))
    linked = paths.common_dir / "worktrees"
    for git_dir in sorted(linked.iterdir()) if linked.is_dir() else ():
        pointer = git_dir / "gitdir"
        if pointer.is_file():
            top = (git_dir / pointer.read_text().strip()).parent
            if top.is_dir():
                trees.append(WorkTree(git_dir, top.resolve()))
    return trees


def _main_work_tree(common_dir: Path) -> Path | None:
    """The main work tree, seen from a linked one."""
    repository = pygit2.Repository(str(common_dir))
    return Path(repository.workdir) if repository.workdir else None


def _stands_on(git_dir: Path, branch: str) -> bool:
    ref = f"refs/heads/{branch}"
    rebasing = ((git_dir / f"rebase-{kind}" / "head-name", ref) for kind in ("merge", "apply"))
    places = ((git_dir / "HEAD", f"ref: {ref}"), *rebasing)
    return any(place.is_file() and place.read_text().strip() == wanted for place, wanted in places)


def refuse_under_way(tree: WorkTree) -> None:
    """Raises Conflict where a merge or the like is under way, with how it goes on."""
    for marker, (what, command) in UNDER_WAY.items():
        if (tree.git_dir / marker).exists():
            raise Conflict(f"{what} is under way in '{tree.top}'", command)


def refuse_unready(repository: pygit2.Repository, tree: WorkTree, edits: list[FileEdit]) -> None:
    """Raises Conflict where a merge or the like is under way, or where our files have uncommitted changes."""
    refuse_under_way(tree)
    staged = _staged(tree, [edit.path for edit in edits])
    for edit in edits:
        if staged.get(edit.path) not in (edit.old, edit.new) or not _holds(repository, tree.top, edit):
            if _is_left_out(tree, edit.path):
                raise Conflict(
                    f"'{edit.path}' is outside the sparse checkout of '{tree.top}'",
                    f"git sparse-checkout add {edit.path.rpartition('/')[0]}",
                )
            raise Conflict(
                f"'{edit.path}' in '{tree.top}' has uncommitted changes",
                f"git diff HEAD -- :/{edit.path}   (then commit them; or git restore throws them away)",
            )


def _is_left_out(tree: WorkTree, path: str) -> bool:
    """Whether a sparse checkout leaves a file out of the work tree."""
    return run_git(tree.git_dir, tree.top, "ls-files", "-t", "-z", "--", path).startswith(b"S ")


def _holds(repository: pygit2.Repository, top: Path, edit: FileEdit) -> bool:
    """Whether the file on disk is what the branch has, or already what we are about to write."""
    place = _plain_place(top, edit.path)
    if place is None:
        return False
    if not place.exists():
        return edit.old is None or edit.new is None
    content = place.read_bytes()
    for oid in (edit.old, edit.new):
        if oid is not None and read_blob(repository, oid) in (content, content.replace(b"\r\n", b"\n")):
            return True
    return False


def _plain_place(top: Path, path: str) -> Path | None:
    """Where a path lies, None where a link is on the way, or something else than a file in its place."""
    place = top
    for component in path.split("/"):
        place /= component
        if place.is_symlink():
            return None
    return place if place.is_file() or not place.exists() else None


def _staged(tree: WorkTree, paths: list[str]) -> dict[str, str]:
    """The index entries of some paths; a conflict's or an intent's entry reads as no object."""
    index = tree.git_dir / "index"
    if not index.exists():
        return {}
    if _is_plain(index):
        with git_errors(f"index '{index}'"):
            entries = pygit2.Index(str(index))
            return {path: _staged_oid(entries, path) for path in paths if path in entries}
    listed = run_git(tree.git_dir, tree.top, "ls-files", "--stage", "-z", "--", *paths).split(b"\0")
    staged = {}
    for line in filter(None, listed):
        about, _, path = line.partition(b"\t")
        _, oid, stage = about.decode().split()
        staged[path.decode()] = oid if stage == "0" else NO_OBJECT
    return staged


def _staged_oid(entries: pygit2.Index, path: str) -> str:
    try:
        return str(entries[path].id)
    except KeyError:  # a conflict has entries, and none of them is the file's
        return NO_OBJECT


def _is_plain(index: Path) -> bool:
    """Whether the library can read the index: not one that is split or sparse (extensions `link`, `sdir`)."""
    data = index.read_bytes()
    return b"link" not in data and b"sdir" not in data


def write_edits(repository: pygit2.Repository, tree: WorkTree, edits: list[FileEdit]) -> None:
    """Writes our files, then their index entries.  Raises Conflict where somebody else holds the index."""
    for edit in edits:
        _write_file(repository, tree.top, edit)
    set_entries(tree.git_dir, tree.top, {edit.path: edit.new for edit in edits})


def _write_file(repository: pygit2.Repository, top: Path, edit: FileEdit) -> None:
    place = top / edit.path
    with git_errors(f"file '{place}'"):
        if edit.new is not None:
            content = read_blob(repository, edit.new)
            if not place.exists() or place.read_bytes() != content:
                _replace(place, content)
            return
        place.unlink(missing_ok=True)
        for parent in place.parents:
            if parent == top or any(parent.iterdir()):
                break
            parent.rmdir()


def _replace(place: Path, content: bytes) -> None:
    """As `replace_file`, by a temporary name that a later run knows, so that a kill leaves nothing untracked.

    Only one run of ours at a time gets here, under the lock of the clone.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(place)
    temporary.unlink(missing_ok=True)
    with temporary.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if place.exists():
        temporary.chmod(place.stat().st_mode & 0o777)
    temporary.replace(place)


def _temporary(place: Path) -> Path:
    return place.with_name(f".{place.name}.regolo-writing")


def remove_temporaries(tree: WorkTree, edits: Sequence[FileEdit]) -> None:
    """Removes what a run that was killed while it wrote a file of ours, or the index, left beside it."""
    remove_leftovers(tree.git_dir)
    for edit in edits:
        if _plain_place(tree.top, edit.path) is not None:
            _temporary(tree.top / edit.path).unlink(missing_ok=True)


def undo_edits(
    repository: pygit2.Repository, tree: WorkTree, edits: list[FileEdit], now: Mapping[str, str | None]
) -> None:
    """Takes back what a killed run wrote, where it still stands exactly as written.

    `now` says which blob the branch has at each path.
    """
    staged = _staged(tree, [edit.path for edit in edits])
    back = {}
    for edit in edits:
        place = _plain_place(tree.top, edit.path)
        target = FileEdit(edit.path, edit.new, now[edit.path])
        written = place is not None and place.exists() and _content_is(repository, place, edit.new)
        if (written or (edit.new is None and place is not None and not place.exists())) and place is not None:
            _write_file(repository, tree.top, target)
        if staged.get(edit.path) == edit.new:
            back[edit.path] = target.new
    if back:
        set_entries(tree.git_dir, tree.top, back)


def _content_is(repository: pygit2.Repository, place: Path, oid: str | None) -> bool:
    return oid is not None and read_blob(repository, oid) == place.read_bytes()


def is_tracked(paths: RepositoryPaths, path: str) -> bool:
    """Whether the index of the work tree has a file at a path, or files below it."""
    if paths.work_tree is None:
        raise NotFound(f"'{paths.git_dir}' has no work tree")
    index = paths.git_dir / "index"
    if not index.exists():
        return False
    if _is_plain(index):
        with git_errors(f"index '{index}'"):
            entries = pygit2.Index(str(index))
            return path in entries or any(entry.path.startswith(f"{path}/") for entry in entries)
    return bool(run_git(paths.git_dir, paths.work_tree, "ls-files", "-z", "--", path))


def read_blob(repository: pygit2.Repository, oid: str) -> bytes:
    """The bytes of a blob that is known to be one."""
    blob = repository[oid]
    assert isinstance(blob, pygit2.Blob)
    return blob.data
