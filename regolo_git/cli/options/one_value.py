"""Combines several options into one value, so that commands take fewer parameters."""

import inspect
from collections.abc import Callable
from functools import wraps

Function = Callable[..., None]
Decorator = Callable[[Function], Function]


def one_value(name: str, build: Callable[..., object], *options: Decorator) -> Decorator:
    """Adds `options` to a command, which receives the value that `build` returns as its argument `name`.

    The parameters of `build` (or the fields of a dataclass) have the names of the options.
    """
    taken = tuple(inspect.signature(build).parameters)

    def decorate(function: Function) -> Function:
        @wraps(function)
        def call(*positional: object, **given: object) -> None:
            chosen = {option: given.pop(option) for option in taken}
            function(*positional, **given, **{name: build(**chosen)})

        decorated: Function = call
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate
