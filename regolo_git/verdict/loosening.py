"""Whether a change of a rule lets pass what the rule did not: a change is judged by the rules before it.

A rule is named by its path in its file: `("gates", "accuracy", "min")` in a model card,
`("environments", "production", "gates", "signed")` in the registry's configuration.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from regolo_git.records.gates import SCANS
from regolo_git.records.kinds import is_number
from regolo_git.records.toml_text import TomlValue

Value: TypeAlias = "TomlValue | None"  # None: the key is not there


def loosens(path: tuple[str, ...], before: Value, after: Value) -> bool:
    """Whether the key with `after` lets pass what it did not with `before`."""
    if before is None and path[-1:] != ("licences",):
        return _is_tolerance(path) and after is not None
    rule = _RULES.get(path[-1]) if _is_rule(path) else None
    return rule is not None and rule(before, after)


def _is_rule(path: tuple[str, ...]) -> bool:
    if path[:1] == ("environments",) and len(path) >= 3:
        return path[2] == "gates" or path[2:] == ("requires",)
    return len(path) == 3 and (path[0] == "gates" or _is_tolerance(path) or path[2] == "direction")


def _is_tolerance(path: tuple[str, ...]) -> bool:
    return path[:1] == ("metrics",) and len(path) == 3 and path[2] in ("tolerance_abs", "tolerance_rel")


def _lower(before: Value, after: Value) -> bool:
    return not is_number(after) or (is_number(before) and after < before)


def _higher(before: Value, after: Value) -> bool:
    return not is_number(after) or (is_number(before) and after > before)


def _not_true(before: Value, after: Value) -> bool:
    return before is True and after is not True


def _other_word(before: Value, after: Value) -> bool:
    return before == "unproven" and after != "unproven"


def _weaker_scan(before: Value, after: Value) -> bool:
    return before in SCANS and (after not in SCANS or SCANS.index(after) > SCANS.index(before))


def _fewer(before: Value, after: Value) -> bool:
    return not _elements(before) <= _elements(after)


def _more(before: Value, after: Value) -> bool:
    """Of what is allowed; without a list everything is."""
    return before is not None and (after is None or not _elements(after) <= _elements(before))


def _elements(value: Value) -> set[str]:
    return set(map(str, value)) if isinstance(value, list) else set()


def _differ(before: Value, after: Value) -> bool:
    return before != after


_RULES: Mapping[str, Callable[[Value, Value], bool]] = {
    "min": _lower,
    "max": _higher,
    "max_drop": _higher,
    "max_drop_rel": _higher,
    "tolerance_abs": lambda before, after: after is not None and _higher(before, after),
    "tolerance_rel": lambda before, after: after is not None and _higher(before, after),
    "fail": _other_word,
    "required": _not_true,
    "signed": _not_true,
    "scan": _weaker_scan,
    "metadata": _fewer,
    "requires": _fewer,
    "licences": _more,
    "direction": _differ,
}
