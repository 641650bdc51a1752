"""The objects that a remote needs for new refs, where there is no `git` to list them."""

from collections.abc import Iterable, Iterator

import pygit2
from pygit2.enums import FileMode, ObjectType, SortMode

from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors


def objects_to_send(git: GitRepository, wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The ids of what can be reached from some objects and not from others, which the remote has.

    What the remote lacks is never left out; of what it has, a tree or file that came back may be among them.
    """
    with git_errors("the objects to push"):
        found: dict[str, None] = {}
        walker = git.pygit.walk(None, SortMode.TOPOLOGICAL)
        for oid in [commit for want in wanted for commit in _commits(git, want, found)]:
            walker.push(oid)
        for oid in [commit for held in known for commit in _commits(git, held, {})]:
            walker.hide(oid)
        for commit in walker:
            found[str(commit.id)] = None
            for oid in _new_in(commit):
                found[oid] = None
        return list(found)


def _commits(git: GitRepository, oid: str, tags: dict[str, None]) -> Iterator[str]:
    """The commit of an object, and the tag objects on the way to it; none, if it is not here or no commit."""
    while git.has(oid):
        if git.get(oid).type == ObjectType.COMMIT:
            yield oid
            return
        tags[oid] = None
        tag = git.read_tag_object(oid)
        if tag is None:
            return
        oid = tag.target


def _new_in(commit: pygit2.Commit) -> Iterator[str]:
    """The trees and files of a commit that its parents do not have at the same place."""
    waiting = [(commit.tree, [parent.tree for parent in commit.parents])]
    while waiting:
        tree, before = waiting.pop()
        if any(tree.id == other.id for other in before):
            continue
        yield str(tree.id)
        for entry in tree:
            name = str(entry.name)
            held = [other[name] for other in before if name in other]
            if any(entry.id == other.id for other in held) or entry.filemode == FileMode.COMMIT:
                continue
            if isinstance(entry, pygit2.Tree):
                waiting.append((entry, [other for other in held if isinstance(other, pygit2.Tree)]))
            else:
                yield str(entry.id)
