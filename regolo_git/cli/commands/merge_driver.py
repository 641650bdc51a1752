"""`git regolo merge-driver`: what git runs to merge a record."""

from pathlib import Path

import click

from regolo_git.cli.streams import talk_note
from regolo_git.git.merge_file import merge_file
from regolo_git.records.merge import MARKER_SIZE
from regolo_git.registry.merge_driver import merge_files

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("base", type=FILE)
@click.argument("ours", type=FILE)
@click.argument("theirs", type=FILE)
@click.argument("size", type=click.IntRange(1, 1000), default=MARKER_SIZE)
@click.argument("path", default="")
@click.pass_context
def merge_driver(ctx: click.Context, base: Path, ours: Path, theirs: Path, size: int, path: str) -> None:
    """Merge three states of a record into the file OURS, by key, as git's merge drivers do.

    `init` and `clone` configure it. SIZE is the length of conflict markers, and PATH the record's path in the
    repository. Keys of a manifest that its seal covers come from one side. What cannot be read is merged by
    lines, as git does it.

    \b
    Examples:
      git config merge.regolo.driver
      git regolo merge-driver %O %A %B %L %P

    Exit status: 0 merged; 1 conflicts, with markers; 2 invalid input.
    """
    try:
        conflicts = merge_files(base, ours, theirs, path=path, marker_size=size)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, git's own merge is there
        talk_note(f"{path or ours}: merged by lines ({error})")
        conflicts = merge_file(base, ours, theirs, marker_size=size)
    ctx.exit(conflicts)
