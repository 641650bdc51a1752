"""The entry point: the group of commands, and the one place where whatever went wrong becomes words.

    entry → main → run → group → one command of cli/commands/ → registry/

A command raises; `run` prints `error: …` and `hint: …` on stderr and gives the exit status.  Nothing but
click is imported until a command runs: `--version`, `-h` and completion must be as quick as click itself.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from regolo_git import __version__
from regolo_git.cli.command_names import ALIASES, COMMANDS, COMPLETE_VARIABLE, ELSEWHERE, PROGRAM
from regolo_git.cli.context import Invocation
from regolo_git.cli.failure import INTERRUPTED, report
from regolo_git.cli.group import CommandGroup
from regolo_git.cli.streams import never_fail_on_encoding
from regolo_git.errors import InvalidInput

BROKEN_PIPE = 141  # what a shell says of a program that SIGPIPE ended, as `git log | head` does

EPILOG = """\
A version is named MODEL@1.1, MODEL@latest (the highest release; MODEL alone means the same) or, by where it
is promoted to, MODEL@production.

stdout is data, stderr is talk.

Exit status: 0 done; 1 unexpected; 2 bad input; 3 not found; 4 conflict; 5 damaged; 6 store or remote
unreachable; 7 serving; 8 forbidden by a rule; 9 something is not installed; 130 interrupted.

`git regolo COMMAND -h` shows examples. (`git regolo --help` makes git look for a manual page.)
"""


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    # At once, because an error may come before the group itself is called.
    if value and isinstance(ctx.obj, Invocation):
        ctx.obj.debug = True


@click.group(
    cls=CommandGroup,
    sections=COMMANDS,
    aliases=ALIASES,
    elsewhere=ELSEWHERE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
    options_metavar="[-C PATH] [--debug]",
)
@click.option(
    "-C",
    "directories",
    metavar="PATH",
    multiple=True,
    type=click.Path(file_okay=False),
    help="Run as if started in PATH, as `git -C` does.",
)
@click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_debug,
    help="Show where an error comes from (also REGOLO_DEBUG=1).",
)
@click.version_option(__version__, message="regolo-git %(version)s")
def group(directories: tuple[str, ...]) -> None:
    """Model versions as Git commits and tags, their bytes in a content-addressed store."""
    for directory in directories:
        try:
            os.chdir(directory)
        except OSError as error:
            raise InvalidInput(f"cannot work in '{directory}': {error.strerror}") from error


def main(*, answers_interrupts: bool = False) -> NoReturn:
    """Runs the command line and exits; from here on, `answers_interrupts` makes Ctrl+C an error in words."""
    try:
        if answers_interrupts:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = run(sys.argv[1:], program_name(sys.argv[0]))
        if answers_interrupts:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # what is to say is said
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


def program_name(path: str) -> str:
    """What the help calls us: as git's subcommand, unless we were called by our own name."""
    ours = os.path.basename(path) == PROGRAM  # noqa: PTH119 - `--version` does not wait for pathlib
    return PROGRAM if ours else "git regolo"


def run(arguments: Sequence[str], name: str = "git regolo") -> int:
    """Runs one command line; returns the exit status."""
    debug = os.environ.get("REGOLO_DEBUG", "") not in ("", "0")
    invocation = Invocation(arguments, debug=debug)
    never_fail_on_encoding()
    try:
        status = group.main(
            list(arguments) or ["-h"],
            prog_name=name,
            complete_var=COMPLETE_VARIABLE,
            standalone_mode=False,
            obj=invocation,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more; without this the interpreter complains once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: every error ends in words
        return report(error, invocation)
    return status if isinstance(status, int) else 0
