"""The notes of `list` and `status` about numbers that two clones gave to different versions."""

from collections.abc import Sequence

from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.registry.clashes import Clash
from regolo_git.text.printable import one_line

SHOWN = 3


def talk_of_clashes(clashes: Sequence[Clash]) -> None:
    """Names clashes, and the command that helps."""
    for clash in clashes[:SHOWN]:
        talk_note(one_line(clash.text))
        talk_next(str(clash.hint))
    if len(clashes) > SHOWN:
        talk_note(f"and {len(clashes) - SHOWN} more: git regolo doctor")
