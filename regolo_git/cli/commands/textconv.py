"""`git regolo textconv`: what git runs to show a record in a diff."""

from pathlib import Path

import click

from regolo_git.cli.streams import put
from regolo_git.errors import IntegrityError
from regolo_git.records.textconv import record_lines


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def textconv(file: Path) -> None:
    """Print a record with one line for each value, for `git diff` and `git log -p`.

    `git regolo init --textconv` configures it for this clone. A file that is not TOML is printed as it is.

    \b
    Examples:
      git regolo init --textconv
      git regolo textconv models/sentiment/manifest.toml

    Exit status: 0 success; 2 no such file.
    """
    text = file.read_bytes().decode("utf-8", "backslashreplace")
    try:
        lines = record_lines(text)
    except IntegrityError:
        lines = text.splitlines()
    for line in lines:
        put(line)
