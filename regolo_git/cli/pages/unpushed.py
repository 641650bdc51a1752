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
        _talk(unpushed.versions, commits)


def talk_of_unpushed_versions(references: Sequence[str]) -> None:
    """The same of versions alone."""
    _talk(references, None)


def _talk(references: Sequence[str], commits: str | None) -> None:
    versions = few_of(list(references[:SHOWN]), len(references)) if references else None
    parts = [part for part in (versions, commits) if part is not None]
    if parts:
        talk_note(f"not pushed: {'; '.join(parts)}")
        talk_next(str(Hint("push")))
