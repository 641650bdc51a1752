"""Who author and committer are: the environment first, then the configuration, as git itself does it."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from regolo_git.errors import InvalidInput
from regolo_git.git.environment import Role, identity_variable, mail_address
from regolo_git.text.printable import printable

RAW_DATE = re.compile(r"@?(\d{1,12}) ([+-])(\d{2})(\d{2})")
# A day before the calendar of `datetime` ends, so that it can be shown in any zone.
LAST_SECOND = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp())
TIME_LIMIT = 1 << 32  # of the library, in 2106; a Git object holds no time before 1970
PERSON = re.compile(r"([^<>]+) <([^<> ]+)>")
UNSAFE = re.compile(r"[<>\n\0]")


@dataclass(frozen=True, slots=True)
class Identity:
    """A name, an address and a time with its zone."""

    name: str
    email: str
    when: datetime

    @property
    def person(self) -> str:
        """Name and address, as Git shows them."""
        return f"{self.name} <{self.email}>"

    @property
    def seconds(self) -> int:
        """The time as seconds since 1970."""
        return int(self.when.timestamp())

    @property
    def offset(self) -> int:
        """Minutes east of UTC."""
        return int((self.when.utcoffset() or timedelta()).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who wrote a commit, and who committed it (and tagged it, where it is a version)."""

    author: Identity
    committer: Identity


def parse_identity(person: str, when: datetime) -> Identity:
    """The identity of "Name <address>" at a time.  Raises InvalidInput."""
    found = PERSON.fullmatch(person.strip())
    name, email = (_clean(found[1]), _clean(found[2])) if found else ("", "")
    if not name or not email:
        raise InvalidInput(f"'{printable(person)}' is not a person", "write it as Name <name@example.com>")
    return Identity(name, email, when)


def check_time(when: datetime) -> datetime:
    """A time that a Git object can hold.  Raises InvalidInput for any other, and for one without a zone."""
    if when.tzinfo is None:
        raise InvalidInput(f"time '{when}' has no time zone")
    if not 0 <= when.timestamp() < TIME_LIMIT:
        raise InvalidInput(f"time '{when}' is not one that Git can hold")
    return when


def read_time(role: Role) -> datetime:
    """`GIT_<role>_DATE`, else now.  Raises InvalidInput for a date that cannot be read."""
    date = identity_variable(role, "DATE")
    return _parse_date(date) if date else _now()


def read_identity(role: Role, name: str | None, email: str | None) -> Identity:
    """The identity from `GIT_<role>_*`, else from the configured name and address.

    Raises InvalidInput where git would not know either, or for a date that cannot be read.
    """
    found_name = _clean(identity_variable(role, "NAME") or name)
    found_email = _clean(identity_variable(role, "EMAIL") or email or mail_address())
    if not found_name or not found_email:
        raise InvalidInput(
            "Git does not know who you are",
            'git config --global user.name "Your Name" && git config --global user.email you@example.com',
        )
    return Identity(found_name, found_email, read_time(role))


def _clean(text: str | None) -> str:
    # git drops what would end the line or the address in a commit object.
    return UNSAFE.sub("", text or "").strip(" .,:;<>\"\\'\t")


def _now() -> datetime:
    return datetime.fromtimestamp(int(time.time())).astimezone()


def _parse_date(text: str) -> datetime:
    when = _read_date(text.strip())
    if when is None or not 0 <= when.timestamp() < TIME_LIMIT:
        raise InvalidInput(
            f"'{text}' is not a date that Git can hold", "write it as 2026-11-23T14:00:00+01:00"
        )
    return when


def _read_date(text: str) -> datetime | None:
    """A date in one of the forms that git takes, with its zone."""
    for read in (_read_raw, datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(text)
            return when if when.tzinfo is not None else when.astimezone()
        except (ValueError, OverflowError):
            continue
    return None


def _read_raw(text: str) -> datetime:
    """Seconds since 1970 and a zone, as git itself hands them to hooks."""
    raw = RAW_DATE.fullmatch(text)
    if raw is None:
        raise ValueError("another form")
    sign = -1 if raw[2] == "-" else 1
    zone = timezone(sign * timedelta(hours=int(raw[3]), minutes=int(raw[4])))
    return datetime.fromtimestamp(int(raw[1]), zone)


def utc(seconds: int) -> datetime:
    """A time of a commit or tag, in UTC; one beyond the calendar, as a hostile one may be, is its end."""
    return datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC)
