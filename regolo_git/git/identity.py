"""Who the author and the committer are: the environment first, then git's configuration, as git itself does.

With `settings.py` (git's own variables for its configuration) the one place below the command line that
reads the environment.
"""

import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Literal

from regolo_git.errors import InvalidInput

RAW_DATE = re.compile(r"@?(\d{1,12}) ([+-])(\d{2})(\d{2})")
UNSAFE = re.compile(r"[<>\n\0]")


@dataclass(frozen=True, slots=True)
class Identity:
    """A name, an address and a time with its zone."""

    name: str
    email: str
    when: datetime

    @property
    def seconds(self) -> int:
        """The time as seconds since 1970."""
        return int(self.when.timestamp())

    @property
    def offset(self) -> int:
        """Minutes east of UTC."""
        return int((self.when.utcoffset() or timedelta()).total_seconds()) // 60


def read_identity(role: Literal["AUTHOR", "COMMITTER"], name: str | None, email: str | None) -> Identity:
    """The identity from `GIT_<role>_*`, else from the configured name and address.

    Raises InvalidInput where git would not know either, or for a date that cannot be read.
    """
    found_name = _clean(os.environ.get(f"GIT_{role}_NAME") or name)
    found_email = _clean(os.environ.get(f"GIT_{role}_EMAIL") or email or os.environ.get("EMAIL"))
    if not found_name or not found_email:
        raise InvalidInput(
            "Git does not know who you are",
            'git config --global user.name "Your Name" && git config --global user.email you@example.com',
        )
    date = os.environ.get(f"GIT_{role}_DATE")
    return Identity(found_name, found_email, _parse_date(date) if date else _now())


def _clean(text: str | None) -> str:
    # git drops what would end the line or the address in a commit object.
    return UNSAFE.sub("", text or "").strip(" .,:;<>\"\\'\t")


def _now() -> datetime:
    return datetime.fromtimestamp(int(time.time())).astimezone()


def _parse_date(text: str) -> datetime:
    raw = RAW_DATE.fullmatch(text.strip())
    if raw:
        sign = -1 if raw[2] == "-" else 1
        zone = timezone(sign * timedelta(hours=int(raw[3]), minutes=int(raw[4])))
        return datetime.fromtimestamp(int(raw[1]), zone)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(text.strip())
        except ValueError:
            continue
        return when if when.tzinfo is not None else when.astimezone()
    raise InvalidInput(f"'{text}' is not a date that can be read", "write it as 2026-11-23T14:00:00+01:00")


def utc(seconds: int) -> datetime:
    """A time of a commit or tag, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
