"""What a scikit-learn estimator is made of, as its parameters say."""

from collections.abc import Iterator
from typing import Any

# Parameters that hold the estimators that get the inputs of the whole; of a pipeline only the first does.
LISTS = ("transformer_list", "estimators")


def first_parts(model: Any) -> list[Any]:
    """The estimators that get the model's inputs themselves."""
    parameters = _parameters(model)
    steps = [step for _, step in parameters.get("steps", ()) if step not in (None, "passthrough")]
    if steps:
        return first_parts(steps[0])
    for name in LISTS:
        if isinstance(parameters.get(name), list):
            parts = [part for _, part in parameters[name] if part not in (None, "drop", "passthrough")]
            return [first for part in parts for first in first_parts(part)]
    inner = parameters.get("estimator")
    return first_parts(inner) if hasattr(inner, "get_params") else [model]


def needs_names(model: Any) -> bool:
    """Whether a part of the model may select columns by their names, so that an array is not enough."""
    return any(_selects_by_name(part) for part in _all_parts(model))


def _selects_by_name(part: Any) -> bool:
    module, name = type(part).__module__, type(part).__name__
    if not module.startswith("sklearn.") or name == "FunctionTransformer":
        return True  # its own code may do anything
    columns = [chosen for _, _, chosen in _parameters(part).get("transformers", ())]
    return any(callable(chosen) or _holds_text(chosen) for chosen in columns)


def _holds_text(columns: Any) -> bool:
    if isinstance(columns, slice):
        return isinstance(columns.start, str) or isinstance(columns.stop, str)
    if isinstance(columns, str):
        return True
    return hasattr(columns, "__iter__") and any(isinstance(column, str) for column in columns)


def _all_parts(model: Any) -> Iterator[Any]:
    yield model
    get_params = getattr(model, "get_params", None)
    if callable(get_params):
        yield from (part for part in get_params(deep=True).values() if hasattr(part, "get_params"))


def _parameters(model: Any) -> dict[str, Any]:
    get_params = getattr(model, "get_params", None)
    return get_params(deep=False) if callable(get_params) else {}
