"""Notes of the registry on their way to and from a remote.

Lines are only ever added to a note, so two states are merged by the union of their lines, sorted, as git's
strategy `cat_sort_uniq` does.
"""

from collections.abc import Iterator, Mapping

import pygit2

from regolo_git.errors import Conflict
from regolo_git.git.commit_objects import commit_object_bytes
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_objects import NewObjects
from regolo_git.git.ref_update import amend_ref
from regolo_git.git.refs_state import ref_target, refs_beside_tags
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.refusals import refusal_error
from regolo_git.git.remote.transport import ABSENT, RefUpdate
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.trees import edit_tree
from regolo_git.system_calls import pause

NOTES = "refs/notes/regolo-"
PATTERN = f"{NOTES}*"
ID_DIGITS = 40
ATTEMPTS = 20
MERGED = "regolo: notes merged"


def push_notes(git: GitRepository, remote: str) -> tuple[str, ...]:
    """Pushes the notes that the remote lacks, after merging what it has; returns the refs that moved there.

    Raises Conflict if others keep writing notes, and TransportError.
    """
    for number in range(ATTEMPTS):
        theirs = transport_of(git).refs(remote, [PATTERN])
        fetch_notes(git, remote, theirs)
        updates = [
            RefUpdate(ref, ours, theirs.get(ref, ABSENT))
            for ref, ours in own_notes(git).items()
            if ours != theirs.get(ref)
        ]
        pushed = transport_of(git).push(remote, updates)
        if not pushed.refused:
            return tuple(update.ref for update in updates)
        if not pushed.lost_race:
            raise refusal_error(remote, pushed)
        pause(0.01, min(0.02 * 2**number, 1.0))
    raise Conflict(f"others keep writing notes to remote '{remote}'", "try again")


def fetch_notes(git: GitRepository, remote: str, theirs: Mapping[str, str]) -> tuple[str, ...]:
    """Fetches and merges notes of a remote (ref to object); returns the refs that changed here."""
    # An object that is here proves nothing: a fetch that was killed leaves some without those that they need.
    ours = own_notes(git)
    transport_of(git).fetch(remote, [ref for ref, oid in theirs.items() if ours.get(ref) != oid])
    return merge_notes(git, theirs)


def merge_notes(git: GitRepository, theirs: Mapping[str, str]) -> tuple[str, ...]:
    """Merges notes whose objects are here into those of this clone; returns the refs that changed."""
    changed = []
    with clone_lock(git.paths):
        for ref, oid in theirs.items():
            before = ref_target(git.paths, ref)
            with git_errors(f"notes '{ref}'"):
                # Moved there and gone since; the next round has its successor.
                if git.has(oid) and not (before is not None and git.is_ancestor(oid, before)):
                    amend_ref(git, ref, MERGED, lambda ours, oid=oid: _merged(git, ours, oid))  # type: ignore[misc]
                    changed.append(ref)
    return tuple(changed)


def own_notes(git: GitRepository) -> dict[str, str]:
    """The notes of registries in this clone, by the full names of their refs."""
    refs = [ref for ref in refs_beside_tags(git.paths) if ref.startswith(NOTES)]
    return {ref: oid for ref in refs if (oid := ref_target(git.paths, ref)) is not None}


def _merged(git: GitRepository, ours: str | None, theirs: str) -> str:
    """The notes commit that has the lines of both."""
    if ours is None or git.is_ancestor(ours, theirs):
        return theirs
    if git.is_ancestor(theirs, ours):
        return ours
    objects, here = NewObjects(git), _notes(git, ours)
    edits: dict[str, str | None] = {}
    for annotated, (path, blob) in _notes(git, theirs).items():
        place, held = here.get(annotated, (path, None))
        if held != blob:
            lines = _lines(git, held) | _lines(git, blob)
            edits[place] = objects.add("blob", b"".join(line + b"\n" for line in sorted(lines)))
    tree = edit_tree(objects, git.get(ours).peel(pygit2.Tree), edits)
    body = commit_object_bytes(tree, (ours, theirs), git.authorship(), f"{MERGED}\n")
    commit = objects.add("commit", body)
    objects.write()
    return commit


def _lines(git: GitRepository, blob: str | None) -> set[bytes]:
    return {line for line in git.read_blob(blob).split(b"\n") if line} if blob is not None else set()


def _notes(git: GitRepository, commit: str) -> dict[str, tuple[str, str]]:
    """The annotated objects of a notes commit, each with the path and the id of its note."""
    tree = git.get(commit).peel(pygit2.Tree)
    return {path.replace("/", ""): (path, oid) for path, oid in _files(tree, "")}


def _files(tree: pygit2.Tree, place: str) -> Iterator[tuple[str, str]]:
    """Notes are in directories of two digits each; what is deeper than an id is not a note."""
    for entry in tree:
        path = f"{place}{entry.name}"
        if isinstance(entry, pygit2.Tree) and len(path.replace("/", "")) < ID_DIGITS:
            yield from _files(entry, f"{path}/")
        elif isinstance(entry, pygit2.Blob) and len(path.replace("/", "")) == ID_DIGITS:
            yield path, str(entry.id)
