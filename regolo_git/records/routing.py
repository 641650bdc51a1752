"""The `[routing]` table of an endpoint: how its gateway handles requests."""

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import is_number
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue
from regolo_git.text.json_values import Plain, plain
from regolo_git.text.printable import printable

# The HTTP grammar of header and cookie names.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")


@dataclass(frozen=True, slots=True)
class Routing:
    """Stickiness by header, cookie or JSON body key (at most one), and the limits of a request."""

    sticky_header: str | None = None
    sticky_cookie: str | None = None
    sticky_key: str | None = None
    override_header: str = "x-regolo-version"
    retry: int = 2
    timeout_seconds: float = 30.0
    max_body_bytes: int = 16 << 20
    max_concurrency: int = 256
    unknown: Table = field(default_factory=dict)

    def __post_init__(self) -> None:
        sticky = [value for value in (self.sticky_header, self.sticky_cookie, self.sticky_key) if value]
        if len(sticky) > 1:
            raise InvalidInput("only one of sticky_header, sticky_cookie and sticky_key can be set")
        for name, header in (
            ("sticky_header", self.sticky_header),
            ("sticky_cookie", self.sticky_cookie),
            ("override_header", self.override_header),
        ):
            if header is not None and not TOKEN.fullmatch(header):
                raise InvalidInput(f"{name} '{printable(header)}' is not a valid header or cookie name")
        if not _is_finite(self.timeout_seconds) or not 0 < self.timeout_seconds <= 3600:
            raise InvalidInput("'timeout_seconds' is not between 0 and 3600")
        for name, value, least, most in (
            ("retry", self.retry, 0, 10),
            ("max_body_bytes", self.max_body_bytes, 1, 1 << 32),
            ("max_concurrency", self.max_concurrency, 1, 100_000),
        ):
            if not _is_finite(value) or int(value) != value or not least <= value <= most:
                raise InvalidInput(f"'{name}' is not a whole number between {least} and {most}")

    def to_dict(self) -> Plain:
        """What differs from the defaults, by name."""
        return {name: plain(value) for name, value in self.to_table().items()}

    def to_table(self) -> dict[str, TomlValue]:
        """The values that differ from the defaults, in a fixed order, so that a diff shows the intent."""
        default = Routing()
        table: dict[str, TomlValue] = {
            name: getattr(self, name) for name in NAMES if getattr(self, name) != getattr(default, name)
        }
        return table | dict(sorted(self.unknown.items()))

    @classmethod
    def read(cls, reader: TableReader) -> Self:
        """Parses the table.  Raises IntegrityError, InvalidInput."""
        default = Routing()
        retry, body = reader.take_optional("retry", int), reader.take_optional("max_body_bytes", int)
        timeout, most = (
            reader.take_optional("timeout_seconds", float),
            reader.take_optional("max_concurrency", int),
        )
        return cls(
            sticky_header=reader.take_optional("sticky_header", str),
            sticky_cookie=reader.take_optional("sticky_cookie", str),
            sticky_key=reader.take_optional("sticky_key", str),
            override_header=reader.take_optional("override_header", str) or default.override_header,
            retry=default.retry if retry is None else retry,
            timeout_seconds=default.timeout_seconds if timeout is None else float(timeout),
            max_body_bytes=default.max_body_bytes if body is None else body,
            max_concurrency=default.max_concurrency if most is None else most,
            unknown=reader.rest,
        )


def _is_finite(value: object) -> bool:
    return is_number(value) and isfinite(value)


NAMES = (
    "sticky_header",
    "sticky_cookie",
    "sticky_key",
    "override_header",
    "retry",
    "timeout_seconds",
    "max_body_bytes",
    "max_concurrency",
)
