"""Text arguments of the API as plain strings, whatever subclass of `str` they are.

An f-string writes "Stage.STAGING" for a member of `class Stage(str, Enum)`, which would become part of names.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from regolo_git.records.plain import plain_text

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Verbs = TypeVar("Verbs", bound=type)
Value = TypeVar("Value")


def plain_arguments(verbs: Verbs) -> Verbs:
    """A class decorator: every public method receives plain strings."""
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
        return method(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})  # type: ignore[arg-type]

    return call


def plain_keys(values: Mapping[str, Value]) -> dict[str, Value]:
    """A mapping by plain strings; other keys stay as they are."""
    return {plain_text(key) if isinstance(key, str) else key: value for key, value in values.items()}


def _plain(value: object) -> object:
    return plain_text(value) if isinstance(value, str) else value
