"""The author and committer identities: from the environment, then from the configuration, as in git."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from regolo_git.errors import InvalidInput
from regolo_git.git.environment import Role, email_address, identity_variable
from regolo_git.text.printable import printable

RAW_DATE = re.compile(r"@?(\d{1,12}) ([+-])(\d{2})(\d{2})")
# A day before the end of `datetime`'s range, so that it can be shown in any zone.
LAST_SECOND = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp())
TIME_LIMIT = 1 << 32  # the library's, in 2106; a Git object cannot store a time before 1970
PERSON = re.compile(r"([^<>]+) <([^<> ]+)>")
UNSAFE = re.compile(r"[<>\n\0]")
CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"  # what git strips from both ends of a name or address


class Identity(NamedTuple):
    """A name, an email address and a time with its zone."""

    name: str
    email: str
    when: datetime

    @property
    def person(self) -> str:
        """The name and address, as `Name <address>`."""
        return f"{self.name} <{self.email}>"

    @property
    def seconds(self) -> int:
        """The time in seconds since 1970."""
        return int(self.when.timestamp())

    @property
    def line(self) -> str:
        """The identity as it is in commits and tags."""
        return f"{self.person} {self._date}"

    def variables(self, role: Role) -> dict[str, str]:
        """The variables that give this identity to a git process or a hook."""
        return {
            f"GIT_{role}_NAME": self.name,
            f"GIT_{role}_EMAIL": self.email,
            f"GIT_{role}_DATE": f"@{self._date}",
        }

    @property
    def _date(self) -> str:
        sign = "-" if self.offset < 0 else "+"
        hours, minutes = divmod(abs(self.offset), 60)
        return f"{self.seconds} {sign}{hours:02d}{minutes:02d}"

    @property
    def offset(self) -> int:
        """Minutes east of UTC."""
        return int((self.when.utcoffset() or timedelta()).total_seconds()) // 60


class Authorship(NamedTuple):
    """The author of a commit, and its committer, who also tags a version."""

    author: Identity
    committer: Identity


def parse_identity(person: str, when: datetime) -> Identity:
    """Parses "Name <address>"; `when` is the time of the identity.  Raises InvalidInput."""
    found = PERSON.fullmatch(person.strip())
    name, email = (_clean(found[1]), _clean(found[2])) if found else ("", "")
    if not name or not email:
        raise InvalidInput(
            f"'{printable(person)}' has no name or address", "write it as Name <name@example.com>"
        )
    return Identity(name, email, when)


def check_time(when: datetime) -> datetime:
    """Returns a time that a Git object can store.  Raises InvalidInput for any other, or without a zone."""
    if when.tzinfo is None:
        raise InvalidInput(f"time '{when}' has no time zone")
    if not 0 <= when.timestamp() < TIME_LIMIT:
        raise InvalidInput(f"time '{when}' is out of Git's range (1970 to 2106)")
    return when


def read_time(role: Role) -> datetime:
    """The time in `GIT_<role>_DATE`, or else now.  Raises InvalidInput for a date that cannot be parsed."""
    date = identity_variable(role, "DATE")
    return _parse_date(date) if date else _now()


def find_person(role: Role, name: str | None, email: str | None) -> tuple[str, str] | None:
    """The name and address in `GIT_<role>_*`, or else the configured ones.

    None where git would look elsewhere, or refuse: if one of them is nowhere or empty.
    """
    given_name, given_email = (identity_variable(role, part) for part in ("NAME", "EMAIL"))
    found_name = _clean(name if given_name is None else given_name)
    found_email = _clean(given_email if given_email is not None else email or email_address())
    return (found_name, found_email) if found_name and found_email else None


def unknown_person(role: Role, words: str) -> InvalidInput:
    """The error for a role without a name and an address, in git's own words."""
    return InvalidInput(
        f"Git has no name and email address for the {role.lower()}: {words}",
        'git config --global user.name "Your Name" && git config --global user.email you@example.com',
    )


def _clean(text: str | None) -> str:
    # git drops characters that would end the line or the address in a commit object.
    return UNSAFE.sub("", text or "").strip(CRUD)


def _now() -> datetime:
    return datetime.fromtimestamp(int(time.time())).astimezone()


def _parse_date(text: str) -> datetime:
    when = _read_date(text.strip())
    if when is None or not 0 <= when.timestamp() < TIME_LIMIT:
        raise InvalidInput(
            f"'{text}' is not a date that Git can store", "write it as 2026-11-23T14:00:00+01:00"
        )
    return when


def _read_date(text: str) -> datetime | None:
    """Parses a date in any of git's formats; without a zone it is local time."""
    for read in (_read_raw, datetime.fromisoformat, _read_of_mail):
        try:
            when = read(text)
            return when if when.tzinfo is not None else when.astimezone()
        except (ValueError, OverflowError):
            continue
    return None


def _read_of_mail(text: str) -> datetime:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - imports what few dates need

    return parsedate_to_datetime(text)


def _read_raw(text: str) -> datetime:
    """Parses seconds since 1970 and a zone, git's internal format."""
    raw = RAW_DATE.fullmatch(text)
    if raw is None:
        raise ValueError("not in git's internal date format")
    sign = -1 if raw[2] == "-" else 1
    zone = timezone(sign * timedelta(hours=int(raw[3]), minutes=int(raw[4])))
    return datetime.fromtimestamp(int(raw[1]), zone)


def utc(seconds: int) -> datetime:
    """The time of a commit or tag in UTC; times outside `datetime`'s range are clamped."""
    return datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC)
