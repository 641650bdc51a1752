"""The logger `regolo_git`, for a program that has imported `logging`: other programs do not pay for it.

    INFO    what was changed: versions, commits, files, pushes; and what was tried again
    DEBUG   the git commands that ran, by their names alone

A record is one printable line.  It has names, sizes and commit ids, and no text of a credential, an
environment variable or a command line.  Notices are warnings (`RegoloNotice`) and errors are raised: neither
is logged.
"""

import sys
from typing import Any

from regolo_git.text.printable import one_line

NAME = "regolo_git"


def info(text: str, *arguments: object) -> None:
    """Logs what was done."""
    _log("INFO", text, arguments)


def debug(text: str, *arguments: object) -> None:
    """Logs how it was done."""
    _log("DEBUG", text, arguments)


def _log(level: str, text: str, arguments: tuple[object, ...]) -> None:
    logging: Any = sys.modules.get("logging")
    if not hasattr(logging, "getLogger"):  # nobody can listen yet
        return
    logger = logging.getLogger(NAME)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # a library is silent until the program wants to hear it
    number: int = getattr(logging, level)
    if logger.isEnabledFor(number):
        logger.log(number, text, *(one_line(str(argument)) for argument in arguments))
