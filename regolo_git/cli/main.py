"""The top-level command group, and the one place that turns every exception into a message and a status.

    entry → main → run → group → one command of cli/commands/ → registry/

A command raises; `run` prints `error: …` and `hint: …` on stderr and returns the exit status.  Only click is
imported until a command runs: `--version`, `-h` and completion must be as fast as click itself.
"""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from regolo_git import __version__
from regolo_git.cli.command_names import ALIASES, COMMANDS, COMPLETE_VARIABLE, ELSEWHERE, PROGRAM
from regolo_git.cli.context import Invocation
from regolo_git.cli.failure import INTERRUPTED, is_unexpected, report
from regolo_git.cli.group import BROKEN_PIPE, CommandGroup
from regolo_git.cli.streams import never_fail_on_encoding, no_pager
from regolo_git.errors import InvalidInput, NotFound

EPILOG = """\
Refer to a version as MODEL@1.1, as MODEL@latest (the highest release; MODEL alone means the same), or by the
environment that it is promoted to: MODEL@production.

Results go to stdout, messages to stderr.

Exit status: 0 success; 1 unexpected error; 2 invalid input; 3 not found; 4 conflict; 5 corrupt data; 6 store
or remote unreachable; 7 serving failed; 8 forbidden by a rule; 9 missing dependency; 130 interrupted.

Run `git regolo COMMAND -h` for details and examples. `git regolo --help` opens the manual page, with `man`;
where that is missing, `git regolo -h` and `git regolo COMMAND -h` have the same text.
"""


def _set_debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    # Set eagerly, because parsing may fail before the group is called.
    if value and isinstance(ctx.obj, Invocation):
        ctx.obj.debug = True


@click.group(
    cls=CommandGroup,
    sections=COMMANDS,
    aliases=ALIASES,
    elsewhere=ELSEWHERE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
    options_metavar="[-C PATH] [--no-pager] [--debug]",
)
@click.option(
    "-C",
    "directories",
    metavar="PATH",
    multiple=True,
    type=click.Path(file_okay=False),
    help="Run as if started in PATH, like `git -C`.",
)
@click.option(
    "--no-pager",
    is_flag=True,
    expose_value=False,
    callback=no_pager,
    help="Print long pages as they are.  [default: git's own pager]",
)
@click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_debug,
    help="Show the traceback of an error (also REGOLO_DEBUG=1).",
)
@click.version_option(__version__, "--version", "-V", message=f"{PROGRAM} %(version)s")
def group(directories: tuple[str, ...]) -> None:
    """Version models in Git: a commit and a tag for each version, the bytes in a content-addressed store."""
    for directory in directories:
        try:
            os.chdir(directory)
        except OSError as error:
            raise InvalidInput(f"cannot change to directory '{directory}': {error.strerror}") from error
    try:
        os.getcwd()  # noqa: PTH109 - importing pathlib would slow `--version`
    except OSError as error:
        raise NotFound("the working directory was deleted", "cd to another directory") from error


def main(*, answers_interrupts: bool = False) -> NoReturn:
    """Runs the command line and exits.  With `answers_interrupts`, Ctrl+C is reported as an error."""
    try:
        if answers_interrupts:
            sys.unraisablehook = _interrupt_again
            signal.signal(signal.SIGINT, _interrupt)
        status = run(sys.argv[1:], program_name(sys.argv[0]))
        if answers_interrupts:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is left to report
    except KeyboardInterrupt:
        status = INTERRUPTED
    # Python ends with a search for cycles among everything that is left, which takes 20 to 50 ms.
    gc.freeze()
    sys.exit(status)


# The signals that came: some code takes the exception for a failure of its own.
_interrupts: list[int] = []


def _interrupt(number: int, _frame: object) -> NoReturn:
    _interrupts.append(number)
    raise KeyboardInterrupt


def _interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Repeats a Ctrl+C that arrived in a callback, such as those of imports, where Python would ignore it."""
    if not isinstance(ignored.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
        return
    import threading  # noqa: PLC0415 - needed by an interrupt at a rare moment only

    main_thread, seconds = threading.main_thread().ident, 0.01
    while True:
        try:
            # From another thread and a moment later: raised here, it would be ignored again.
            threading.Timer(seconds, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
        except KeyboardInterrupt:  # it was here still, on a machine that is busy
            seconds *= 2
        else:
            return


def program_name(path: str) -> str:
    """The name in the help: `git regolo`, or `regolo-git` for a program started under that name."""
    direct = os.path.basename(path) == PROGRAM  # noqa: PTH119 - importing pathlib would slow `--version`
    return PROGRAM if direct else "git regolo"


def run(arguments: Sequence[str], name: str = "git regolo") -> int:
    """Runs one command line; returns the exit status."""
    never_fail_on_encoding()
    streams = sys.stdout, sys.stderr
    try:
        return _run(arguments, name)
    except BrokenPipeError:
        _drop_unwritten()
        return BROKEN_PIPE
    except SystemExit as ended:
        # rich turns a broken pipe into this, and so does click, after it has replaced the streams.
        replaced = (sys.stdout, sys.stderr) != streams
        if not replaced and not isinstance(ended.__context__, BrokenPipeError):
            raise
        sys.stdout, sys.stderr = streams
        _drop_unwritten()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(arguments: Sequence[str], name: str) -> int:
    debug = os.environ.get("REGOLO_DEBUG", "") not in ("", "0")
    invocation = Invocation(arguments, debug=debug)
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
        raise
    except Exception as error:  # the last resort: every error is reported
        if _interrupts and is_unexpected(error):
            # Python 3.11 makes a RuntimeError of a Ctrl+C that arrives while a class gives its fields names,
            # and an ImportError of one that arrives while a module in C imports another.
            raise KeyboardInterrupt from error
        status = report(error, invocation)
        _drop_unwritten()
    return status if isinstance(status, int) else 0


def _drop_unwritten() -> None:
    """Drops what cannot be printed: the interpreter would fail on it again when it closes the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
