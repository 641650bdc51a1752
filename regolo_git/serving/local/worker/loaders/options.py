"""Options of `[serving.config]` that several loaders have."""

from collections.abc import Collection

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker_orders import WorkerSpec


def method_of(spec: WorkerSpec, methods: Collection[str]) -> str:
    """What the model is asked for; `predict` unless the config says another.  Raises InvalidInput."""
    method = spec.options.get_optional("method", str) or "predict"
    if method not in methods:
        raise InvalidInput(f"'{method}' is not one of {', '.join(methods)}")
    return method


def threads_of(spec: WorkerSpec) -> int:
    """The number of threads of one call: the worker's share of the cores, unless the config has a number."""
    return spec.options.get_optional("threads", int) or spec.threads
