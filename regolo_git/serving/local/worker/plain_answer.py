"""A model's answer as JSON: arrays become lists, and numbers that JSON has no form for become null.

`plain_value.py` says what values of other types become.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Final

from regolo_git.serving.local.worker.plain_value import plain_value

COMPACT: Final = (",", ":")
# `json.dumps` with these would build one for each answer, which takes longer than to encode a short one.
ENCODER: Final = json.JSONEncoder(allow_nan=False, default=plain_value, separators=COMPACT)
SCALARS: Final = frozenset({bool, int, float, str, type(None)})


def dump_answer(value: object) -> bytes:
    """Encodes an answer.  Raises TypeError for values that JSON cannot hold."""
    try:
        text = ENCODER.encode(value)
        if "{" not in text or _has_only_text_keys(value):
            return text.encode()
    except (TypeError, ValueError):
        pass
    # NaN, infinity, and keys that are not text are rare, so only an answer that has one is copied.
    return json.dumps(plain_tree(value), allow_nan=False, separators=COMPACT).encode()


def plain_tree(value: object) -> object:
    """A copy with nothing but lists, dictionaries with text as keys, and what JSON can hold.

    Raises TypeError for values that JSON cannot hold.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return _with_text_keys(value)
    if isinstance(value, list | tuple):
        return [plain_tree(held) for held in value]
    return plain_tree(plain_value(value))


def _has_only_text_keys(value: object) -> bool:
    """Other keys may become the same text: json.dumps writes `{1: …, "1": …}` with a key twice."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_has_only_text_keys, value.values()))
    if isinstance(value, list | tuple):
        # The set costs a twentieth of encoding; a call for each number would cost a third.
        return SCALARS.issuperset(map(type, value)) or all(map(_has_only_text_keys, value))
    return True


def _with_text_keys(mapping: Mapping[object, object]) -> dict[str, object]:
    copy: dict[str, object] = {}
    for key, held in mapping.items():
        name = key_text(key)
        if name in copy:
            raise TypeError(f"the model returned two values with the key '{name}', which JSON cannot hold")
        copy[name] = plain_tree(held)
    return copy


def key_text(key: object) -> str:
    """A key as `json.dumps` writes it, also one of another library.  Raises TypeError."""
    if isinstance(key, str):
        return str.__str__(key)
    if key is None or isinstance(key, bool | int | float):
        return json.dumps(key)
    plain = plain_value(key)
    if plain is None or isinstance(plain, str | int | float):
        return key_text(plain)
    raise TypeError(f"the model returned a key of type {type(key).__name__}, which cannot be written as JSON")
