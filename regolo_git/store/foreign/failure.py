"""What went wrong at a store, whichever library said so."""

import re
from typing import NamedTuple

from regolo_git.hints import NextStep

# What may be in a URL and must not be printed: a signed query, a password.
_QUERY = re.compile(r"\?[^\s'\"<>)]*")
_USER = re.compile(r"//[^/\s'\"@]+@")
_TEXT_LIMIT = 200


class Failure(NamedTuple):
    """The reason, lower case without a full stop, and the way out.

    A `passing` one may be gone at the next try.  After one that is `lost`, the connection has to be opened
    again.  With `denied`, it is about permissions.
    """

    reason: str
    hint: NextStep | None = None
    passing: bool = False
    lost: bool = False
    denied: bool = False


def passing(reason: str, hint: NextStep | None = None) -> Failure:
    """A failure that may be gone at the next try."""
    return Failure(reason, hint, passing=True)


def denied(reason: str, hint: NextStep) -> Failure:
    """A failure that is about permissions."""
    return Failure(reason, hint, denied=True)


def said_by(error: BaseException) -> str:
    """What an error of a library says, on one line, without anything secret."""
    text = _USER.sub("//", _QUERY.sub("", " ".join(str(error).split())))
    text = text[:_TEXT_LIMIT].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
