"""`git regolo bisect`: finds the version that broke something, by a command."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_json
from regolo_git.cli.options.arguments import complete_versions, model_argument
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import put, talk
from regolo_git.errors import InvalidInput, NotFound, RegoloError
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.version_search import Outcome, find_first_bad
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.reviews.comparison_page import comparison_page
from regolo_git.reviews.versions import compare_versions
from regolo_git.text.numbers import counted
from regolo_git.text.printable import printable

PATH, VERSION = "{path}", "{version}"
SKIP, LAST_BAD = 125, 127  # as for `git bisect run`


@click.command()
@model_argument()
@click.argument("good", shell_complete=complete_versions)
@click.argument("bad", shell_complete=complete_versions)
@click.argument("words", metavar="-- CMD {path}", nargs=-1, required=True, type=click.UNPROCESSED)
@json_option
def bisect(model: str, good: str, bad: str, words: tuple[str, ...], as_json: bool) -> None:
    """Find the first bad version of MODEL between GOOD and BAD, by a command that tries few of them.

    Each version that is tried is restored to a temporary directory; {path} in the command stands for its
    file or directory, {version} for its number.  The exit status of the command decides: 0 is good, 125
    skips the version, 1 to 127 is bad, and anything else ends the search.  What it prints goes to stderr.
    The first bad version, and what differs from the good one before it, go to stdout.

    \b
    Examples:
      git regolo bisect sentiment 1.0 1.9 -- python evaluate.py {path}
      git regolo bisect --json sentiment staging latest -- ./check.sh {path}

    Exit status: 0 found; 1 the command ended the search; 2 invalid input; 3 no such version, or the ones that
    remain were skipped; 6 a store cannot be reached.
    """
    if not any(PATH in word for word in words):
        raise InvalidInput(
            f"the command does not name {PATH}", Hint("bisect", model, good, bad, "--", *words, PATH)
        )
    a, b = (Reference.select(model, selector) for selector in (good, bad))
    with open_handle() as handle:
        with ProgressBar("restoring") as bar:
            found = find_first_bad(
                handle,
                a,
                b,
                lambda version, place: _run(words, version, place),
                on_try=_say_try,
                on_outcome=_say_outcome,
                on_progress=bar.show_whole,
            )
        before, after = (Reference.select(model, side.version) for side in (found.good, found.version))
        comparison = compare_versions(handle, before, after)
    if as_json:
        put_json({**found.to_dict(), "comparison": comparison.to_dict()})
        return
    put(f"{found.version.reference} is the first bad version")
    put("")
    put_page(comparison_page(comparison))


def _say_try(version: ModelVersion, left: int) -> None:
    talk(f"trying {version.reference} ({counted(left, 'version')} left)")


def _say_outcome(version: ModelVersion, outcome: Outcome) -> None:
    talk(f"{version.reference} is {'skipped' if outcome == 'skip' else outcome}")


def _run(words: Sequence[str], version: ModelVersion, place: Path) -> Outcome:
    command = [word.replace(PATH, str(place)).replace(VERSION, version.version) for word in words]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        status = subprocess.run(command, check=False, stdout=2).returncode
    except OSError as error:
        reason = (error.strerror or "it cannot be run").lower()
        raise NotFound(f"'{printable(command[0])}' cannot be run: {reason}") from error
    if status == SKIP:
        return "skip"
    if 0 <= status <= LAST_BAD:
        return "bad" if status else "good"
    ended = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    raise RegoloError(f"'{printable(shlex.join(command))}' {ended}: the search is over")
