"""How a command shows times: as `--date` says, else in the local zone to the minute.

git's `log.date` does not count: it has formats for commits alone, and `list` reads no configuration of git.
"""

from datetime import UTC, datetime

import click

from regolo_git.cli.options.one_value import Function
from regolo_git.text.times import iso_time, local_time, relative_time

DATE_FORMAT = "regolo_git.date"
FORMATS = ("local", "relative", "iso")


def date_option(function: Function) -> Function:
    """Adds `--date`."""
    return click.option(
        "--date",
        type=click.Choice(FORMATS),
        expose_value=False,
        callback=_set_format,
        help="How times are shown: relative is '3 hours ago', iso has seconds and zone.  [default: local]",
    )(function)


def _set_format(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[DATE_FORMAT] = value


def shown_time(when: datetime) -> str:
    """A time in the format of the running command."""
    ctx = click.get_current_context(silent=True)
    wanted = ctx.meta.get(DATE_FORMAT) if ctx is not None else None
    if wanted == "relative":
        return relative_time(when, datetime.now(UTC))
    return iso_time(when) if wanted == "iso" else local_time(when)
