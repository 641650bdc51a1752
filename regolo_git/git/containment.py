"""Which tagged commits the history of some branches contains.

A version is contained if its commit is in the history of a branch, or if a commit there has the same
manifest: a rebase or a squash changes the commit, not the content that was reviewed.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress

import pygit2
from pygit2.enums import SortMode

from regolo_git.git.marks import Tagged
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.records.paths import MODELS, manifest_path

ONE_BY_ONE = 16  # more commits than this are looked for in one walk
CLOCK_SECONDS = 86_400  # the most that the clocks of two people are expected to differ


class Containment:
    """The history of the commits `tips`, of which `before` was known earlier."""

    def __init__(self, git: GitRepository, tips: Sequence[str]) -> None:
        self._git = git
        self._tips = [tip for tip in tips if tip in git.pygit]

    def includes(self, before: Sequence[str]) -> bool:
        """Whether everything that these earlier tips contain is still contained."""
        with git_errors("history"):
            return all(tip in self._git.pygit and self._has(tip) for tip in before)

    def commits_since(self, before: Sequence[str]) -> Iterator[bytes]:
        """The ids of the commits of the history that earlier tips do not contain."""
        with git_errors("history"):
            yield from (commit.id.raw for commit in self._walk(before))

    def contained(self, seen: Sequence[Tagged], unseen: Sequence[Tagged], before: Sequence[str]) -> set[str]:
        """The ids of the tags whose versions are contained, none of them by a commit since `before`.

        Those `seen` were not contained in `before`, so only newer commits are looked at for them.
        """
        with git_errors("history"):
            found = self._older(unseen) if before else set()
            found |= _with_manifest(self._walk(before), _without(seen, found))
            rest = _without(unseen, found)
            copies = self._since(min(tag.created for tag in rest)) if rest else ()
            return found | _with_manifest(copies, rest)

    def _older(self, tags: Sequence[Tagged]) -> set[str]:
        if len(tags) <= ONE_BY_ONE:
            return {tag.oid for tag in tags if tag.commit in self._git.pygit and self._has(tag.commit)}
        every = {str(commit.id) for commit in self._walk(())}
        return {tag.oid for tag in tags if tag.commit in every}

    def _has(self, commit: str) -> bool:
        return any(commit == tip or self._git.pygit.descendant_of(tip, commit) for tip in self._tips)

    def _walk(self, hidden: Sequence[str]) -> Iterator[pygit2.Commit]:
        """The commits of the history, newest first, without that of `hidden`."""
        if not self._tips:
            return
        walker = self._git.pygit.walk(self._tips[0], SortMode.TIME)
        for tip in self._tips[1:]:
            walker.push(tip)
        for tip in hidden:
            walker.hide(tip)
        with suppress(KeyError, pygit2.GitError):  # the edge of a shallow clone
            yield from walker

    def _since(self, created: int) -> Iterator[pygit2.Commit]:
        """The commits that can have a copy of a manifest that was committed at a time."""
        for commit in self._walk(()):
            if commit.commit_time < created - CLOCK_SECONDS:
                return
            yield commit


def _without(tags: Sequence[Tagged], found: Container[str]) -> list[Tagged]:
    return [tag for tag in tags if tag.oid not in found]


def _with_manifest(commits: Iterable[pygit2.Commit], tags: Sequence[Tagged]) -> set[str]:
    """The ids of the tags whose manifest one of the commits has at its path."""
    wanted: dict[str, dict[str, set[str]]] = {}
    for tag in tags:
        wanted.setdefault(manifest_path(tag.model), {}).setdefault(tag.manifest, set()).add(tag.oid)
    found: set[str] = set()
    last = None
    for commit in commits if wanted else ():
        tree = commit.tree
        top = tree[MODELS].id if MODELS in tree else None
        if top is None or top == last:
            continue
        last = top
        for path, manifests in wanted.items():
            with suppress(KeyError):
                found |= manifests.get(str(tree[path].id), set())
    return found


def blobs_since(
    git: GitRepository, tip: str, ours: Sequence[str], paths: Sequence[str]
) -> list[tuple[str, str]]:
    """Each blob at some paths in the commits of a history that is not ours, with the oldest such commit."""
    oldest: dict[str, str] = {}
    with git_errors("history"):
        walker = git.pygit.walk(tip, SortMode.TIME)
        for oid in dict.fromkeys(ours):
            if oid in git.pygit:
                walker.hide(oid)
        for commit in walker:
            for path in paths:
                with suppress(KeyError):
                    oldest[str(commit.tree[path].id)] = str(commit.id)
    return list(oldest.items())
