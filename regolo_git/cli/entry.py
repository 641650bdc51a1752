"""The entry point of the installed programs, where Ctrl+C ends the program silently until the CLI is loaded.

    entry → main → run → group → one command of cli/commands/

Importing click takes a moment, during which Python would answer Ctrl+C with a traceback.
"""

import gc
import signal
from typing import NoReturn

# Objects created before the garbage collector looks for cycles; Python's default of 700 has it run dozens of
# times during the imports of one command, for about 3 % of its time.
COLLECT_AFTER = 50_000


def main() -> NoReturn:
    """Runs the command line and exits."""
    gc.set_threshold(COLLECT_AFTER)
    # A program started with Ctrl+C ignored, as a shell does for background jobs, keeps ignoring it.
    answers = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if answers:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from regolo_git.cli import main as command_line  # noqa: PLC0415 - the slow import

    command_line.main(answers_interrupts=answers)
