"""The branches of a clone, read as files: the library reads every tag to find them."""

from collections.abc import Iterator

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.refs_state import HEADS, ORIGIN, ref_target, refs_beside_tags


def list_branches(paths: RepositoryPaths) -> Iterator[tuple[str, str]]:
    """The name and tip of every branch, local branches before those last fetched from `origin`."""
    refs = refs_beside_tags(paths)
    found = [ref for ref in refs if ref.startswith(HEADS)]
    found += [ref for ref in refs if ref.startswith(ORIGIN) and ref != f"{ORIGIN}HEAD"]
    for ref in found:
        commit = ref_target(paths, ref)
        if commit is not None:
            yield ref.removeprefix(HEADS).removeprefix(ORIGIN), commit
