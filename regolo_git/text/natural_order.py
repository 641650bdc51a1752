"""The order in which people count: `layer.2` before `layer.10`."""

import re

DIGITS = re.compile(r"(\d+)", re.ASCII)
LONGEST = 18  # digits that are a number; more are text


def natural_key(text: str) -> tuple[tuple[bool, int, str], ...]:
    """The sort key of a name with numbers in it."""
    return tuple(
        (True, int(part), part) if number % 2 and len(part) <= LONGEST else (False, 0, part)
        for number, part in enumerate(DIGITS.split(text))
    )
