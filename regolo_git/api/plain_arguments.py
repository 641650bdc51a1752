"""Arguments of the API as plain strings and numbers, whatever subclass of `str` or scalar of NumPy they are.

An f-string writes "Stage.STAGING" for a member of `class Stage(str, Enum)`, which would become part of names.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from regolo_git.records.metadata import plain_number
from regolo_git.records.plain import plain_text

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Verbs = TypeVar("Verbs", bound=type)
Value = TypeVar("Value")


def plain_arguments(verbs: Verbs) -> Verbs:
    """A class decorator: every public method receives plain strings and numbers."""
    public = {
        name: method
        for name, method in vars(verbs).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }
    wrapped = {method: _with_plain_text(method) for method in public.values()}
    for name, method in public.items():  # a method that has two names stays one
        setattr(verbs, name, wrapped[method])
    return verbs


def _with_plain_text(method: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    @wraps(method)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return method(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})

    return call


def plain_keys(values: Mapping[str, Value]) -> dict[str, Value]:
    """A mapping by plain strings, with plain numbers; other keys and values stay as they are.

    Raises TypeError for what is not a mapping.
    """
    if not hasattr(values, "items"):
        raise TypeError(f"expected a mapping of versions to numbers, not {values!r}")
    return {_plain(key): _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    return plain_text(value) if isinstance(value, str) else plain_number(value)
