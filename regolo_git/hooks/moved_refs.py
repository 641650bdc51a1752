"""The refs that a push sends or that a repository receives, line by line as git gives them to a hook."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from regolo_git.hooks.remark import Remark
from regolo_git.records.versions import parse_tag_name
from regolo_git.text.printable import printable

NOTHING = "0" * 40
TAGS, BRANCHES = "refs/tags/", "refs/heads/"


class MovedRef(NamedTuple):
    """A ref of the receiving side, with its objects before and after; NOTHING stands for no ref."""

    ref: str
    before: str
    after: str

    @property
    def version(self) -> tuple[str, str] | None:
        """The model and version whose tag it is; None for any other ref."""
        return parse_tag_name(self.ref.removeprefix(TAGS)) if self.ref.startswith(TAGS) else None

    @property
    def branch(self) -> str | None:
        """The name of a branch; None for any other ref."""
        return self.ref.removeprefix(BRANCHES) if self.ref.startswith(BRANCHES) else None


def sent_refs(lines: Iterable[str]) -> list[MovedRef]:
    """The refs of a `pre-push` hook: `<local ref> <object> <remote ref> <object there>`."""
    fields = (line.split(" ") for line in lines if line.strip())
    return [MovedRef(ref, before, after) for *_, after, ref, before in fields]


def received_refs(lines: Iterable[str]) -> list[MovedRef]:
    """The refs of a `pre-receive` hook: `<old object> <new object> <ref>`."""
    fields = (line.split(" ", 2) for line in lines if line.strip())
    return [MovedRef(ref, before, after) for before, after, ref in fields]


def moved_tags(refs: Iterable[MovedRef]) -> Iterator[Remark]:
    """The tags of versions that would move or vanish."""
    for each in refs:
        if each.version is None or each.before in (NOTHING, each.after):
            continue
        name = printable(each.ref.removeprefix(TAGS))
        verb = "would vanish" if each.after == NOTHING else "would move"
        what = f"tag '{name}' {verb} at the remote, and the tag of a version never does"
        yield Remark(what, "retire a version that nobody should use: git regolo retire MODEL@VERSION")
