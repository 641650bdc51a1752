"""The note about what was not pushed."""

from collections.abc import Sequence

from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.registry.sync.unpushed import Unpushed
from regolo_git.text.numbers import counted, few_of

SHOWN = 3


def talk_of_unpushed(unpushed: Unpushed | None) -> None:
    """Says what is not pushed, and the command that pushes it."""
    if unpushed is not None:
        commits = f"{counted(unpushed.commits, 'commit')} of {unpushed.branch}" if unpushed.commits else None
        _talk(unpushed.versions, commits, unpushed.without_bytes)


def talk_of_unpushed_versions(references: Sequence[str], without_bytes: Sequence[str]) -> None:
    """The same of versions alone."""
    _talk(references, None, without_bytes)


def _talk(references: Sequence[str], commits: str | None, without_bytes: Sequence[str]) -> None:
    unsent = f"the bytes of {_few(without_bytes)}" if without_bytes else None
    versions = _few(references) if references else None
    parts = [part for part in (versions, commits, unsent) if part is not None]
    if parts:
        talk_note(f"not pushed: {'; '.join(parts)}")
        talk_next(str(Hint("push")))


def _few(references: Sequence[str]) -> str:
    return few_of(list(references[:SHOWN]), len(references))
