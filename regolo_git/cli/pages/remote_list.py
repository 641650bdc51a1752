"""The output of `list MODEL --remote`."""

from collections.abc import Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.streams import talk_next
from regolo_git.cli.tables import Cell, put_table
from regolo_git.hints import Hint
from regolo_git.registry.remote_versions import RemoteVersion

SHORT = 12  # digits of an id
WORDS = {"here": "here", "absent": "not here", "differs": "another one here"}
STYLES = {"here": "", "absent": "yellow", "differs": "red"}


def fields(version: RemoteVersion) -> list[object]:
    """A version as tab-separated fields."""
    return [version.version, version.presence, version.tag, version.tag_oid, version.remote]


def put_remote_versions(versions: Sequence[RemoteVersion]) -> None:
    """Prints a table, then the commands that fetch what is not here and renumber what differs."""
    put_table(
        [Column("VERSION"), Column("IN THIS CLONE"), Column("TAG"), Column("OBJECT")],
        [
            (
                Cell(version.version, "bold"),
                Cell(WORDS[version.presence], STYLES[version.presence]),
                version.tag,
                Cell(version.tag_oid[:SHORT], "dim"),
            )
            for version in versions
        ],
    )
    if any(version.presence == "absent" for version in versions):
        talk_next(str(Hint("fetch")))
    for version in versions:
        if version.presence == "differs":
            talk_next(str(Hint("renumber", version.reference)))
