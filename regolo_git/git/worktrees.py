"""The work trees of a branch, and safe writes of the registry's files there.

The user's index and uncommitted work are never touched.  Only the files of the new commit are written, and
only if they match the branch.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.index_file import NO_OBJECT, remove_leftovers, set_entries
from regolo_git.git.index_stat import may_have_entry
from regolo_git.git.program import run_git
from regolo_git.git.translate import git_errors
from regolo_git.system_calls import read_ordinary

IN_PROGRESS = {
    "MERGE_HEAD": ("a merge", "git merge --continue"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --continue"),
    "REVERT_HEAD": ("a revert", "git revert --continue"),
    "rebase-merge": ("a rebase", "git rebase --continue"),
    "rebase-apply/applying": ("a series of patches", "git am --continue"),
    "rebase-apply": ("a rebase", "git rebase --continue"),
}


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A work tree and its own Git directory."""

    git_dir: Path
    top: Path


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A change to one file: its blobs before and after, None for no file."""

    path: str
    old: str | None
    new: str | None


def work_trees_on(paths: RepositoryPaths, branch: str) -> list[WorkTree]:
    """The work trees that have a branch checked out or are rebasing it."""
    return [tree for tree in work_trees(paths) if _is_on(tree.git_dir, branch)]


def work_trees(paths: RepositoryPaths) -> list[WorkTree]:
    """Every work tree of a repository that is there, the main one first."""
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
    """The main work tree, found from a linked one."""
    repository = pygit2.Repository(str(common_dir))
    return Path(repository.workdir) if repository.workdir else None


def _is_on(git_dir: Path, branch: str) -> bool:
    ref = f"refs/heads/{branch}"
    rebasing = ((git_dir / f"rebase-{kind}" / "head-name", ref) for kind in ("merge", "apply"))
    places = ((git_dir / "HEAD", f"ref: {ref}"), *rebasing)
    return any(place.is_file() and place.read_text().strip() == wanted for place, wanted in places)


def refuse_in_progress(tree: WorkTree) -> None:
    """Raises Conflict if a merge, rebase or similar is in progress; the hint continues it."""
    for marker, (what, command) in IN_PROGRESS.items():
        if Path(f"{tree.git_dir}/{marker}").exists():
            raise Conflict(f"{what} is in progress in '{tree.top}'", command)


def refuse_unready(repository: pygit2.Repository, tree: WorkTree, edits: list[FileEdit]) -> None:
    """Raises Conflict if a merge or similar is in progress, or if the files have uncommitted changes."""
    refuse_in_progress(tree)
    staged = _staged(tree, [edit.path for edit in edits])
    for edit in edits:
        if staged.get(edit.path) not in (edit.old, edit.new) or not _matches(repository, tree.top, edit):
            if _is_sparse(tree, edit.path):
                raise Conflict(
                    f"'{edit.path}' is outside the sparse checkout of '{tree.top}'",
                    f"git sparse-checkout add {edit.path.rpartition('/')[0]}",
                )
            raise Conflict(
                f"'{edit.path}' in '{tree.top}' has uncommitted changes",
                f"git diff HEAD -- :/{edit.path}   (then commit the changes or discard them by git restore)",
            )


def _is_sparse(tree: WorkTree, path: str) -> bool:
    """Whether a sparse checkout excludes a file from the work tree."""
    return run_git(tree.git_dir, tree.top, "ls-files", "-t", "-z", "--", path).startswith(b"S ")


def _matches(repository: pygit2.Repository, top: Path, edit: FileEdit) -> bool:
    """Whether the file on disk equals the branch's, or already the one to be written."""
    place = _regular_path(top, edit.path)
    if place is None:
        return False
    if not place.exists():
        return edit.old is None or edit.new is None
    content = place.read_bytes()
    for oid in (edit.old, edit.new):
        if oid is not None and read_blob(repository, oid) in (content, content.replace(b"\r\n", b"\n")):
            return True
    return False


def _regular_path(top: Path, path: str) -> Path | None:
    """The place of a regular or missing file; None for another kind, or behind a symbolic link."""
    place = top
    for component in path.split("/"):
        place /= component
        if place.is_symlink():
            return None
    return place if place.is_file() or not place.exists() else None


def _staged(tree: WorkTree, paths: list[str]) -> dict[str, str]:
    """The index entries of some paths; a conflict or an intent to add reads as NO_OBJECT."""
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
    except KeyError:  # a conflict has only entries of higher stages
        return NO_OBJECT


def _is_plain(index: Path) -> bool:
    """Whether the library can read the index: not a split or sparse one (extensions `link`, `sdir`)."""
    data = index.read_bytes()
    return b"link" not in data and b"sdir" not in data


def write_edits(
    repository: pygit2.Repository, tree: WorkTree, edits: list[FileEdit], *, index_by_git: bool = False
) -> None:
    """Writes files, then their index entries (see `set_entries`).

    Raises Conflict if another program holds the index lock.
    """
    for edit in edits:
        _write_file(repository, tree.top, edit)
    entries = {edit.path: edit.new for edit in edits}
    set_entries(tree.git_dir, tree.top, entries, by_git=index_by_git)


def _write_file(repository: pygit2.Repository, top: Path, edit: FileEdit) -> None:
    place = top / edit.path
    with git_errors(f"file '{place}'"):
        if edit.new is not None:
            content = read_blob(repository, edit.new)
            if not place.exists() or read_ordinary(place) != content:
                _replace(place, content)
            return
        place.unlink(missing_ok=True)
        for parent in place.parents:
            if parent == top or any(parent.iterdir()):
                break
            parent.rmdir()


def _replace(place: Path, content: bytes) -> None:
    """Like `replace_file`, but with a fixed temporary name, so that a later run can remove it after a kill.

    The lock of the clone ensures that only one run at a time uses the name.
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
    """Removes the temporary files that a killed run left beside the edited files and the index."""
    remove_leftovers(tree.git_dir)
    for edit in edits:
        if _regular_path(tree.top, edit.path) is not None:
            _temporary(tree.top / edit.path).unlink(missing_ok=True)


def undo_edits(
    repository: pygit2.Repository, tree: WorkTree, edits: list[FileEdit], now: Mapping[str, str | None]
) -> None:
    """Undoes the edits of a killed run, where the files are still exactly as written.

    `now` has the branch's current blob at each path.
    """
    staged = _staged(tree, [edit.path for edit in edits])
    back = {}
    for edit in edits:
        place = _regular_path(tree.top, edit.path)
        target = FileEdit(edit.path, edit.new, now[edit.path])
        written = place is not None and place.exists() and _content_is(repository, place, edit.new)
        if (written or (edit.new is None and place is not None and not place.exists())) and place is not None:
            _write_file(repository, tree.top, target)
        if staged.get(edit.path) == edit.new:
            back[edit.path] = target.new
    if back:
        set_entries(tree.git_dir, tree.top, back)


def _content_is(repository: pygit2.Repository, place: Path, oid: str | None) -> bool:
    return oid is not None and read_blob(repository, oid) == read_ordinary(place)


def is_tracked(paths: RepositoryPaths, path: str) -> bool:
    """Whether the index has a file at a path or below it."""
    if paths.work_tree is None:
        raise NotFound(f"'{paths.git_dir}' has no work tree")
    index = paths.git_dir / "index"
    if not index.exists():
        return False
    if _is_plain(index):
        if not may_have_entry(index.read_bytes(), path):
            return False
        with git_errors(f"index '{index}'"):
            entries = pygit2.Index(str(index))
            return path in entries or any(entry.path.startswith(f"{path}/") for entry in entries)
    return bool(run_git(paths.git_dir, paths.work_tree, "ls-files", "-z", "--", path))


def read_blob(repository: pygit2.Repository, oid: str) -> bytes:
    """The bytes of an object known to be a blob."""
    blob = repository[oid]
    assert isinstance(blob, pygit2.Blob)
    return blob.data
