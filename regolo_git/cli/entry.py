"""What the installed programs call.  Ctrl+C ends them without a word until there is somebody to say one.

    entry → main → run → group → one command of cli/commands/

Importing click takes a moment, in which Python would answer Ctrl+C with a traceback.
"""

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Runs the command line and exits."""
    # Whoever starts a program with Ctrl+C ignored, as a shell does in the background, wants it ignored.
    answers = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if answers:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from regolo_git.cli import main as command_line  # noqa: PLC0415 - the import that takes the moment

    command_line.main(answers_interrupts=answers)
