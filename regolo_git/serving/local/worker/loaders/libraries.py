"""The libraries of formats, imported where a model is loaded: they are optional, and slow to import."""

from importlib import import_module
from typing import Any

from regolo_git.errors import MissingDependency


def with_numpy(module: str, missing: MissingDependency) -> tuple[Any, Any]:
    """A library and numpy.  Raises `missing` if one is not installed."""
    try:
        return import_module(module), import_module("numpy")
    except ImportError as error:
        raise missing from error
