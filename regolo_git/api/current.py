"""The methods of `Registry` as functions on the registry of the working directory, `REGOLO_REPO` or `use`."""

import inspect
import os
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from regolo_git.api.progress import ProgressOption
from regolo_git.api.registry import Registry
from regolo_git.api.versions import PathLike
from regolo_git.git.discover import absolute

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _Current(threading.local):
    """The registry of the module functions, kept open until its location changes.

    Each thread has its own, because the working directory may change between the calls of two threads.
    """

    chosen: Path | None = None  # set by `use`, for all threads

    def __init__(self) -> None:
        self.place: tuple[Path, str | None] | None = None
        self.registry: Registry | None = None

    def get(self) -> Registry:
        named = _Current.chosen or absolute(Path(os.environ.get("REGOLO_REPO", "")))
        place = (named, os.environ.get("GIT_DIR"))
        if self.registry is None or place != self.place:
            self.replace(Registry.open(place[0]))
            self.place = place
        assert self.registry is not None
        return self.registry

    def replace(self, registry: Registry | None) -> None:
        if self.registry is not None:
            self.registry.close()
        self.registry = registry
        self.place = None


_current = _Current()


def use(path: PathLike | None) -> None:
    """Selects the registry at `path` for the module functions; None selects the working directory's."""
    _Current.chosen = Path(path).absolute() if path is not None else None
    _current.replace(None)


def init(path: PathLike = ".", store: str | None = None) -> Registry:
    """Initializes a model registry in the Git repository that contains `path`; see `Registry.init`."""
    return Registry.init(path, store)


def clone(
    url: str,
    path: PathLike | None = None,
    *,
    models: Sequence[str] = (),
    checkout: bool = True,
    yes: bool = False,
    progress: ProgressOption = None,
) -> Registry:
    """Clones a registry; see `Registry.clone`."""
    return Registry.clone(url, path, models=models, checkout=checkout, yes=yes, progress=progress)


def _on_current(
    method: Callable[Concatenate[Registry, Parameters], Result],
) -> Callable[Parameters, Result]:
    @wraps(method)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return method(_current.get(), *args, **kwargs)

    signature = inspect.signature(method)
    without_self = list(signature.parameters.values())[1:]
    # `help` and editors show the signature without `self`.
    call.__signature__ = signature.replace(parameters=without_self)  # type: ignore[attr-defined]
    return call


register_model = _on_current(Registry.register_model)
create_model_version = _on_current(Registry.create_model_version)
propose_model_version_again = _on_current(Registry.propose_model_version_again)
sign_model_version = _on_current(Registry.sign_model_version)
evaluate_model_version = _on_current(Registry.evaluate_model_version)
label_model_version = _on_current(Registry.label_model_version)
describe_model = _on_current(Registry.describe_model)
log_model = _on_current(Registry.log_model)
get_model_version = _on_current(Registry.get_model_version)
list_model_versions = _on_current(Registry.list_model_versions)
list_remote_versions = _on_current(Registry.list_remote_versions)
get_model = _on_current(Registry.get_model)
list_models = _on_current(Registry.list_models)
review = _on_current(Registry.review)
compare_model_versions = _on_current(Registry.compare_model_versions)
compare_revisions = _on_current(Registry.compare_revisions)
checkout_model_version = _on_current(Registry.checkout_model_version)
blame_metric = _on_current(Registry.blame_metric)
bisect_model_versions = _on_current(Registry.bisect_model_versions)
open_model_file = _on_current(Registry.open_model_file)
promote_model_version = _on_current(Registry.promote_model_version)
demote_model_version = _on_current(Registry.demote_model_version)
get_promotion_history = _on_current(Registry.get_promotion_history)
create_endpoint = _on_current(Registry.create_endpoint)
update_endpoint_traffic = _on_current(Registry.update_endpoint_traffic)
rollback_endpoint = _on_current(Registry.rollback_endpoint)
start_canary = _on_current(Registry.start_canary)
get_canary = _on_current(Registry.get_canary)
hold_canary = _on_current(Registry.hold_canary)
abort_canary = _on_current(Registry.abort_canary)
promote_canary = _on_current(Registry.promote_canary)
delete_endpoint = _on_current(Registry.delete_endpoint)
get_endpoint = _on_current(Registry.get_endpoint)
list_endpoints = _on_current(Registry.list_endpoints)
list_environments = _on_current(Registry.list_environments)
get_endpoint_history = _on_current(Registry.get_endpoint_history)
get_endpoint_metrics = _on_current(Registry.get_endpoint_metrics)
rollback_model = _on_current(Registry.rollback_model)
renumber_model_version = _on_current(Registry.renumber_model_version)
retire_model_version = _on_current(Registry.retire_model_version)
delete_model_version = retire_model_version
confirm_store = _on_current(Registry.confirm_store)
push = _on_current(Registry.push)
fetch = _on_current(Registry.fetch)
evict = _on_current(Registry.evict)
find_model_versions = _on_current(Registry.find_model_versions)
pull = _on_current(Registry.pull)
