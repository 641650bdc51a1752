"""The note about what was not pushed."""

from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.registry.sync.unpushed import Unpushed
from regolo_git.text.numbers import counted, few_of

SHOWN = 3


def talk_of_unpushed(unpushed: Unpushed | None) -> None:
    """Says what is not pushed, and the command that pushes it."""
    if unpushed is None or not (unpushed.versions or unpushed.commits or unpushed.operations_commits):
        return
    parts = [few_of(list(unpushed.versions[:SHOWN]), len(unpushed.versions))] if unpushed.versions else []
    if unpushed.commits:
        parts.append(f"{counted(unpushed.commits, 'commit')} of {unpushed.branch}")
    if unpushed.operations_commits:
        parts.append(f"{counted(unpushed.operations_commits, 'commit')} of {unpushed.operations}")
    talk_note(f"not pushed: {'; '.join(parts)}")
    talk_next(str(Hint("push")))
