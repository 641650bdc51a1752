"""A model's answer as JSON: arrays become lists, and numbers that JSON has no form for become null."""

import json
from collections.abc import Mapping
from math import isfinite


def dump_answer(value: object) -> bytes:
    """Encodes an answer.  Raises TypeError for values that JSON cannot hold."""
    try:
        return json.dumps(value, allow_nan=False, default=_plain, separators=(",", ":")).encode()
    except ValueError:
        # NaN and infinity are rare, so only an answer that has one is copied.
        return json.dumps(_without_nan(value), allow_nan=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    """Converts arrays, scalars and tables of numerical libraries, without importing them."""
    for name in ("tolist", "to_list"):
        method = getattr(value, name, None)
        if callable(method):
            return method()
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return to_dict(orient="records")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"the model returned {type(value).__name__}, which cannot be written as JSON")


def _without_nan(value: object) -> object:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(held) for held in value]
    if value is None or isinstance(value, str | int):
        return value
    return _without_nan(_plain(value))
