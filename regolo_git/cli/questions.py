"""Questions to the person who types; without one, the answer has to be on the command line."""

import sys

import click

from regolo_git.cli.streams import is_terminal
from regolo_git.errors import Conflict


def confirm(question: str, *, otherwise: str, hint: str) -> None:
    """Returns on a yes.  Raises Conflict on a no, and with `otherwise` and `hint` where nobody can answer."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Conflict(otherwise, hint)
    if not click.confirm(question, err=True):
        raise Conflict("stopped: nothing was changed")
