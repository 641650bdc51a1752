"""The versions of `m` as the tag index of a repository lists them."""

from pathlib import Path

from regolo_git.git.discover import find_repository
from regolo_git.git.tag_index import TagIndex, TagRow
from support.git_repository import opened


def listing(top: str) -> list[TagRow]:
    return TagIndex(find_repository(Path(top), {}), lambda: opened(Path(top))).rows("m")
