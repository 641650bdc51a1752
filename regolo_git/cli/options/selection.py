"""Options that choose among versions and sort them."""

from typing import NamedTuple

import click

from regolo_git.cli.options.one_value import one_value
from regolo_git.cli.options.when_asked import when_asked


class Selection(NamedTuple):
    """What was given: labels as `NAME` or `NAME=VALUE`, a filter, and names to sort by."""

    labels: tuple[str, ...]
    where: str | None
    sort: tuple[str, ...]

    @property
    def is_given(self) -> bool:
        """Whether any of them was given."""
        return bool(self.labels or self.sort) or self.where is not None


selection_options = one_value(
    "selection",
    Selection,
    click.option(
        "--label",
        "labels",
        metavar="NAME[=VALUE]",
        multiple=True,
        shell_complete=when_asked("completion", "complete_labels"),
        help="Show only versions with a label.",
    ),
    click.option("--where", metavar="FILTER", help="Show only the versions that meet a filter."),
    click.option(
        "--sort",
        metavar="[-]NAME",
        multiple=True,
        shell_complete=when_asked("completion", "complete_metrics"),
        help="Sort by a metric; -NAME: the highest first.",
    ),
)
