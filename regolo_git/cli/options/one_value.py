"""Several options as one value, so that a command does not pass a dozen parameters along."""

import inspect
from collections.abc import Callable
from functools import wraps

Function = Callable[..., None]
Decorator = Callable[[Function], Function]


def one_value(name: str, build: Callable[..., object], *options: Decorator) -> Decorator:
    """Adds `options` to a command, which gets what `build` makes of them as its argument `name`.

    The parameters of `build` (the fields, where it is a dataclass) are named as the options are.
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
