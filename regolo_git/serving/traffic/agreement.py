"""Whether the answer of a shadow agrees with the one that was served, where both are JSON.

Objects agree in all their keys, lists in their order, and everything else is the same, except that numbers
with a fraction agree when they differ by at most 0.1 percent, or by 0.000001.  Whole numbers, such as
classes, must be equal.  The protocol's own fields of an answer name the version and the request, and are
left out.
"""

import json
from math import isclose, isnan

RELATIVE = 1e-3
ABSOLUTE = 1e-6
# Comparing takes the time of the gateway's other requests: a millisecond or two for this size.
MOST_BYTES = 64 << 10
PROTOCOL_FIELDS = ("id", "model_name", "model_version")


def agreement(served: bytes, copied: bytes, *, is_v2: bool) -> bool | None:
    """Whether two answers agree; None if they cannot be compared: no JSON, or more than 64 KiB."""
    if max(len(served), len(copied)) > MOST_BYTES:
        return None
    try:
        one, other = json.loads(served), json.loads(copied)
        if is_v2:
            one, other = _without_protocol(one), _without_protocol(other)
        return _agree(one, other)
    except (ValueError, RecursionError):
        return None


def _without_protocol(answer: object) -> object:
    if not isinstance(answer, dict):
        return answer
    return {name: value for name, value in answer.items() if name not in PROTOCOL_FIELDS}


def _agree(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_agree(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_agree, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return _is_close(one, other)
    return type(one) is type(other) and one == other


def _is_close(one: object, other: object) -> bool:
    if not (type(one) in (int, float) and type(other) in (int, float)):
        return False
    assert isinstance(one, int | float)
    assert isinstance(other, int | float)
    try:
        return isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE) or (isnan(one) and isnan(other))
    except OverflowError:
        return False
