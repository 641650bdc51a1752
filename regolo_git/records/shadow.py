"""The `[shadow]` table of an endpoint: versions that get copies of requests, and the share that each gets.

A shadow is pinned and has weight 0 like any version without traffic, so the first release, which knows no
shadows, serves the endpoint all the same.
"""

from collections.abc import Mapping
from decimal import Decimal

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.kinds import is_number
from regolo_git.records.toml_text import TomlValue
from regolo_git.records.versions import Version

EXAMPLE = "give each shadow its share, as in 1.1=10 beside 1.0=100"


def check_shadow(shares: Mapping[str, float], whole: int) -> dict[str, float]:
    """Returns shares between 0 and 1 of what was given as parts of `whole` (1, or 100 for percentages).

    They need not add up: each shadow gets its own share of all requests.  Raises InvalidInput for a share
    that is not above 0 and at most `whole`, or a version that is there twice (as `1.0` and `1.0.0`).
    """
    named: dict[str, str] = {}
    for version, share in shares.items():
        if not is_number(share) or not 0 < share <= whole:
            most = "100 percent" if whole == 100 else "1"
            raise InvalidInput(f"the shadow '{version}' needs a share above 0 and at most {most}", EXAMPLE)
        other = named.setdefault(Version.parse(version).identity, version)
        if other != version:
            raise InvalidInput(f"'{other}' and '{version}' are the same version, with two shares")
    return {version: float(Decimal(repr(float(share))) / whole) for version, share in shares.items()}


def read_shadow(table: Mapping[str, TomlValue] | None, what: str) -> dict[str, float]:
    """The shares of the table of a file.  Raises IntegrityError, InvalidInput."""
    shares: dict[str, float] = {}
    for version, share in (table or {}).items():
        if not is_number(share):
            raise IntegrityError(f"the share of the shadow '{version}' in {what} is not a number")
        shares[version] = float(share)
    return check_shadow(shares, 1)
