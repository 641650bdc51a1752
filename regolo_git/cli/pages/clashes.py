"""The notes of `list` and `status` about numbers that two clones gave to different versions."""

from collections.abc import Sequence
from dataclasses import asdict

from regolo_git.cli.forms import Json
from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.registry.clashes import Clash
from regolo_git.text.printable import one_line

SHOWN = 3


def clashes_document(clashes: Sequence[Clash]) -> list[Json]:
    """Clashes as JSON documents."""
    return [asdict(clash) for clash in clashes]


def talk_of_clashes(clashes: Sequence[Clash]) -> None:
    """Names clashes, and the command that helps."""
    for clash in clashes[:SHOWN]:
        talk_note(one_line(clash.text))
        talk_next(str(clash.hint))
    if len(clashes) > SHOWN:
        talk_note(f"and {len(clashes) - SHOWN} more: git regolo doctor")
