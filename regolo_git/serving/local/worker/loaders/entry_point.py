"""Finding the `module:callable` that a version names.

Used only in a worker, and only after the operator's policy has allowed the entry point.
"""

import sys
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import aclosing
from importlib import import_module
from inspect import (
    Parameter,
    isasyncgenfunction,
    isawaitable,
    isclass,
    iscoroutinefunction,
    signature,
)

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, Signature
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker.stream import is_async_generator, is_generator
from regolo_git.serving.local.worker_orders import WorkerSpec

LONGEST_REASON = 500


def find_entry_point(spec: WorkerSpec) -> Callable[[object, dict[str, Json]], object]:
    """The callable, from the version's own files if the operator allows it, else from installed packages.

    Raises NotFound if there is none with that name.
    """
    module_name, _, name = (spec.entry_point or "").partition(":")
    if spec.repository_code:
        sys.path.insert(0, str(spec.path if spec.path.is_dir() else spec.path.parent))
    try:
        found = getattr(import_module(module_name), name)
    except ModuleNotFoundError as error:
        if error.name != module_name.partition(".")[0] and error.name != module_name:
            raise
        raise NotFound(f"there is no module '{module_name}' for entry point '{spec.entry_point}'") from error
    except AttributeError as error:
        raise NotFound(f"module '{module_name}' has no '{name}'") from error
    if not callable(found):
        raise NotFound(f"'{spec.entry_point}' cannot be called")
    return found  # type: ignore[no-any-return]


class PlainPredictor(RowModel):
    """The result of an entry point: an object with `predict(inputs, **params)`, or such a callable."""

    def __init__(self, loaded: object, platform: str) -> None:
        predict = getattr(loaded, "predict", None)
        chosen = predict if callable(predict) and not isclass(loaded) else loaded
        if not callable(chosen):
            raise NotFound(
                f"the entry point returned an object that cannot predict ({type(loaded).__name__})"
            )
        self._predict: Callable[..., object] = chosen
        self._params = _keywords(chosen)
        self._platform = platform
        self._awaits = _awaits(chosen) or _awaits(type(chosen).__call__)

    def prepare(self, call: Call) -> object:
        """Plain values.  Raises InvalidInput for params that it does not have."""
        unknown = call.parameters.keys() - self._params if self._params is not None else ()
        if unknown:
            raise InvalidInput(f"the model has no parameter '{min(unknown)}'")
        return call.plain()

    def run(self, argument: object, parameters: Mapping[str, Json]) -> object:
        """Calls it; the caller's params are keyword arguments.

        A ValueError is about the values, as in scikit-learn and numpy: InvalidInput.
        """
        try:
            outputs = self._predict(argument, **parameters)
        except ValueError as error:
            raise _rejected(error) from error
        if is_generator(outputs):
            return _judged_items(outputs)
        if is_async_generator(outputs):
            return _judged_later(outputs)
        return _judged(outputs) if isawaitable(outputs) else outputs

    def signature(self) -> Signature:
        """The platform, and whether it is a coroutine: the inputs of a callable are unknown."""
        return Signature(self._platform, awaits=self._awaits)


def _awaits(function: object) -> bool:
    return iscoroutinefunction(function) or isasyncgenfunction(function)


async def _judged(outputs: Awaitable[object]) -> object:
    try:
        given = await outputs
    except ValueError as error:
        raise _rejected(error) from error
    if is_async_generator(given):
        return _judged_later(given)
    return _judged_items(given) if is_generator(given) else given


def _judged_items(items: Generator[object]) -> Generator[object]:
    try:
        yield from items
    except ValueError as error:
        raise _rejected(error) from error


async def _judged_later(items: AsyncGenerator[object]) -> AsyncGenerator[object]:
    try:
        async with aclosing(items):
            async for item in items:
                yield item
    except ValueError as error:
        raise _rejected(error) from error


def _rejected(error: ValueError) -> InvalidInput:
    # It may be a mistake in the model's code after all, so the log has all of it.
    traceback.print_exception(error)
    reason = " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__
    return InvalidInput(f"the model rejects these values: {reason}")


def _keywords(function: Callable[..., object]) -> frozenset[str] | None:
    """The params that callers may set: every keyword but the first parameter; None if any is allowed."""
    try:
        parameters = list(signature(function).parameters.values())[1:]
    except ValueError:
        return frozenset()  # a callable in C has no signature
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    named = (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return frozenset(parameter.name for parameter in parameters if parameter.kind in named)
