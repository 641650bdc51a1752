"""The Python API: `Registry`, and each of its verbs as a function of the package.

    import regolo_git as regolo
    regolo.register_model(name="sentiment", model_data="model.safetensors", metadata={"accuracy": 0.89})

The functions work on the registry that holds the working directory, or that `REGOLO_REPO` names, or that
`use` set; `Registry` is for who holds several.  Results are frozen values.  Errors are subclasses of
`RegoloError`; what is worth knowing about a call that worked comes as a `RegoloNotice` warning.
"""

import inspect
import os
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import RegoloNotice
from regolo_git.records.endpoint import LOCAL, Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.manifest import Lineage
from regolo_git.records.names import check_text
from regolo_git.records.references import Reference
from regolo_git.records.routing import Routing
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints import endpoints
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_history
from regolo_git.registry.environments.history import PromotionEvent, promotion_history
from regolo_git.registry.environments.promote import promote
from regolo_git.registry.handle import Handle
from regolo_git.registry.initialise import initialise
from regolo_git.registry.lookup import get_version, list_versions
from regolo_git.registry.models import Model, ModelSummary, read_model, summarise_models
from regolo_git.registry.versions.checkout import checkout_version
from regolo_git.registry.versions.create import CreatedVersion, create_version
from regolo_git.registry.versions.draft import Bump, VersionRequest
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.retire import plan_retirement, retire
from regolo_git.registry.versions.revert import revert_model
from regolo_git.registry.versions.target import Flow
from regolo_git.review.comparison import Comparison
from regolo_git.review.versions import compare_versions
from regolo_git.serving.endpoint_metrics import MetricsSource, endpoint_metrics
from regolo_git.serving.metrics.values import EndpointMetrics
from regolo_git.serving.registry_writer import RegistryWriter

PathLike = str | Path
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Registry:
    """One registry: a Git repository with its configuration and store; a context manager.

    It belongs to the thread that opened it; the functions of the package open one for each thread.
    """

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    @classmethod
    def open(cls, path: PathLike = ".") -> Self:
        """Opens the registry that holds `path`.  Raises NotFound where there is no repository."""
        return cls(Handle.open(Path(path), os.environ))

    @classmethod
    def init(cls, path: PathLike = ".", store: str | None = None) -> Self:
        """Makes the Git repository that holds `path` a registry; doing it again changes nothing.

        `store` is the URL of the shared store to record.  Raises NotFound, Conflict, InvalidInput.
        """
        registry = cls.open(path)
        initialise(registry.handle, store)
        return registry

    def close(self) -> None:
        """Lets go of the caches."""
        self.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- making versions ----------------------------------------------------------------------------------

    def register_model(
        self,
        name: str,
        model_data: ArtifactSource,
        version: str = "1.0",
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        *,
        version_description: str | None = None,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
    ) -> Model:
        """Makes a model with its first version.

        `model_data` is a path to a file or directory, bytes, a binary file, or a mapping of names to arrays
        (stored as safetensors); `metadata` is any nesting of text, numbers, booleans, times and lists, and
        its numbers are the metrics; `description` is of the model.  Raises Conflict where the model exists,
        InvalidInput, TypeError for any other `model_data`.
        """
        self._create(
            VersionRequest(
                model=name,
                source=model_data,
                new_model=True,
                version=version,
                metadata=metadata or {},
                description=version_description,
                model_description=description,
                message=message,
                lineage=lineage,
                serving=serving,
                flow=flow,
            )
        )
        return read_model(self.handle, name)

    def create_model_version(
        self,
        model_id: str,
        version: str | None = None,
        *,
        model_data: ArtifactSource | ModelVersion,
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        bump: Bump | None = None,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
    ) -> ModelVersion:
        """Makes a version of a model that exists; without `version` the next one (`bump`: minor).

        `model_data` may be a version, such as `get_model_version("m", "1.0")` for a version named `prod-1.0`:
        the new one has its bytes, which are not moved, and its words where none are given.
        `flow` is "direct" (commit and tag at once), "propose" (a branch for review, no tag) or "auto":
        direct on the registry branch, a commit without a tag on any other.  Raises NotFound, VersionExists,
        InvalidInput, Conflict, TypeError.
        """
        request = VersionRequest(
            model=model_id,
            source=model_data,
            new_model=False,
            version=version,
            bump=bump,
            metadata=metadata or {},
            description=description,
            message=message,
            lineage=lineage,
            serving=serving,
            flow=flow,
        )
        return self._create(request).version

    def _create(self, request: VersionRequest) -> CreatedVersion:
        same: list[str] = []
        created = create_version(self.handle, request, on_same_content=same.append)
        repeated = [f"'{created.version.reference}' has the same bytes as version '{name}'" for name in same]
        for notice in (*repeated, *created.notices):
            warnings.warn(notice, RegoloNotice, stacklevel=4)
        return created

    # -- reading ------------------------------------------------------------------------------------------

    def get_model_version(self, model_id: str, version: str = "latest") -> ModelVersion:
        """One version: by its number or name, "latest", or the environment it is promoted to."""
        return get_version(self.handle, _reference(model_id, version))

    def list_model_versions(self, model_id: str) -> list[ModelVersion]:
        """The versions of a model, lowest first.  Raises NotFound."""
        return list_versions(self.handle, model_id)

    def get_model(self, name: str) -> Model:
        """A model with its card and versions.  Raises NotFound."""
        return read_model(self.handle, name)

    def list_models(self) -> list[ModelSummary]:
        """Every model that has a version, in the order of the names."""
        return summarise_models(self.handle)

    def compare_model_versions(self, model_id: str, version_a: str, version_b: str) -> Comparison:
        """What changed from one version to another: metrics, metadata, files, tensors, size."""
        a, b = (_reference(model_id, version) for version in (version_a, version_b))
        return compare_versions(self.handle, a, b)

    def checkout_model_version(
        self,
        model_id: str,
        version: str = "latest",
        destination: PathLike | None = None,
        *,
        patterns: Sequence[str] = (),
        force: bool = False,
    ) -> Path:
        """Brings a version's bytes to its recorded path, or to `destination`; returns where they lie.

        Every chunk is verified before a byte is seen.  Raises NotFound, Conflict where a file with content
        that no version has would be overwritten (unless `force`), IntegrityError.
        """
        done = checkout_version(
            self.handle,
            _reference(model_id, version),
            Path(destination) if destination is not None else None,
            # A lone pattern is a sequence too: of its letters.
            patterns=(patterns,) if isinstance(patterns, str) else patterns,
            force=force,
        )
        return done.path

    # -- rolling back and retiring ------------------------------------------------------------------------

    def rollback_model(self, model_id: str, to_version: str, *, message: str | None = None) -> ModelVersion:
        """Commits an older version as the branch's version again; no tag is made, none moves."""
        return revert_model(self.handle, _reference(model_id, to_version), message)

    def delete_model_version(self, model_id: str, version: str, *, reason: str) -> None:
        """Retires a version: its tag and history stay, its bytes are no longer kept.

        Raises PolicyRefused while an environment or an endpoint uses it, InvalidInput without a reason.
        """
        parsed = Version.parse(check_text("a version", version))
        reference = Reference.of(check_text("the name of a model", model_id), parsed)
        retire(self.handle, plan_retirement(self.handle, reference, check_text("the reason", reason)))

    # -- environments and endpoints -----------------------------------------------------------------------

    def promote_model_version(
        self,
        model_id: str,
        version: str,
        environment: str,
        replicas: int | None = None,
        *,
        message: str | None = None,
        propose: bool = False,
    ) -> Promotion:
        """Makes a version the one that stands in an environment; endpoints bound to it follow, in one commit.

        `replicas` is by default what the environment's rule says, what stands there now has, or 1.  With
        `propose` the commit waits on a branch for review.  Raises NotFound, InvalidInput, PolicyRefused where
        a rule forbids it, IntegrityError where the bytes are not what the digest says.
        """
        reference = _reference(model_id, version)
        done = promote(
            self.handle, reference, environment, replicas=replicas, message=message, propose=propose
        )
        return done.promotion

    def get_promotion_history(self, model_id: str, environment: str | None = None) -> list[PromotionEvent]:
        """What stood in which environment and since when, newest first; of a proposal, since its merge."""
        return promotion_history(self.handle, model_id, environment)

    def create_endpoint(
        self,
        endpoint_id: str,
        model_id: str,
        version: str,
        environment: str | None = None,
        replicas: int = 1,
        engine: str = LOCAL,
        *,
        routing: Routing | None = None,
        message: str | None = None,
    ) -> Endpoint:
        """Makes an endpoint that sends everything to one version.

        Bound to an environment it follows the promotions there, and the environment's replicas win.  Raises
        Conflict where it exists, NotFound, InvalidInput, PolicyRefused for a retired version.
        """
        return endpoints.create_endpoint(
            self.handle,
            endpoint_id,
            _reference(model_id, version),
            environment=environment,
            replicas=replicas,
            engine=engine,
            routing=routing,
            message=message,
        )

    def update_endpoint_traffic(
        self,
        endpoint_id: str,
        version_traffic: Mapping[str, float],
        *,
        replicas: Mapping[str, int] | None = None,
        message: str | None = None,
    ) -> Endpoint:
        """Sets the whole split: shares that add up to 1, or percents that add up to 100; one commit.

        A version that is not named leaves the endpoint; one with weight 0 stays addressable.  Raises
        InvalidInput, NotFound, PolicyRefused for a retired version.
        """
        writer = RegistryWriter(self.handle)
        return writer.set_traffic(endpoint_id, version_traffic, replicas=replicas, message=message)

    def rollback_endpoint(
        self, endpoint_id: str, to_version: str | None = None, *, message: str | None = None
    ) -> Endpoint:
        """Sends everything to `to_version`, or to the last good one, by a forward commit.

        The last good one is the newest version that had all the traffic and that no rollback has left since;
        one that cannot serve any more is passed over, with a `RegoloNotice`.  Raises NotFound, also where the
        bytes are gone, and PolicyRefused for a retired version.
        """
        done = RegistryWriter(self.handle).roll_back(endpoint_id, to_version, message=message)
        for why in done.skipped:
            warnings.warn(why, RegoloNotice, stacklevel=3)
        return done.endpoint

    def delete_endpoint(self, endpoint_id: str, *, message: str | None = None) -> None:
        """Takes an endpoint off the registry branch; its history stays.  Raises NotFound."""
        endpoints.delete_endpoint(self.handle, endpoint_id, message=message)

    def get_endpoint(self, endpoint_id: str) -> Endpoint:
        """An endpoint's desired state.  Raises NotFound, IntegrityError for a broken file."""
        return endpoints.get_endpoint(self.handle, endpoint_id)

    def list_endpoints(self) -> list[Endpoint]:
        """Every endpoint on the registry branch, in the order of the names."""
        return endpoints.list_endpoints(self.handle)

    def get_endpoint_history(self, endpoint_id: str) -> list[EndpointEvent]:
        """Every change of an endpoint, newest first."""
        return endpoint_history(self.handle, endpoint_id)

    def get_endpoint_metrics(
        self,
        endpoint_id: str,
        window: str | float = "5m",
        *,
        prometheus: str | None = None,
        source: MetricsSource = "auto",
    ) -> EndpointMetrics:
        """Requests, errors, latencies and shares of each version over a window ("30s", "5m", "2h", seconds).

        Read from the running gateway, from a Prometheus server where its URL is given, or from what was last
        recorded.  A rate over no requests is None, never 0.  Raises NotFound, InvalidInput, TransportError,
        ServingError.
        """
        return endpoint_metrics(self.handle, endpoint_id, window=window, prometheus=prometheus, source=source)


def _reference(model_id: str, version: str) -> Reference:
    model, selector = check_text("the name of a model", model_id), check_text("a version", version)
    return Reference.parse(f"{model}@{selector}")


class _Current(threading.local):
    """The registry of the module functions, kept open while the place that names it stays the same.

    Each thread has its own, because neither the caches nor the Git library can be shared by threads.
    """

    chosen: Path | None = None  # of all threads: what `use` set

    def __init__(self) -> None:
        self.place: tuple[Path, str | None] | None = None
        self.registry: Registry | None = None

    def get(self) -> Registry:
        named = _Current.chosen or Path(os.environ.get("REGOLO_REPO", "")).absolute()
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
    """Makes the module functions work on the registry at `path`; None: on that of the working directory."""
    _Current.chosen = Path(path).absolute() if path is not None else None
    _current.replace(None)


def init(path: PathLike = ".", store: str | None = None) -> Registry:
    """Makes the Git repository that holds `path` a registry; see `Registry.init`."""
    return Registry.init(path, store)


def _on_current(
    method: Callable[Concatenate[Registry, Parameters], Result],
) -> Callable[Parameters, Result]:
    @wraps(method)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return method(_current.get(), *args, **kwargs)

    signature = inspect.signature(method)
    without_self = list(signature.parameters.values())[1:]
    # `help` and editors show what can really be given.
    call.__signature__ = signature.replace(parameters=without_self)  # type: ignore[attr-defined]
    return call


register_model = _on_current(Registry.register_model)
create_model_version = _on_current(Registry.create_model_version)
get_model_version = _on_current(Registry.get_model_version)
list_model_versions = _on_current(Registry.list_model_versions)
get_model = _on_current(Registry.get_model)
list_models = _on_current(Registry.list_models)
compare_model_versions = _on_current(Registry.compare_model_versions)
checkout_model_version = _on_current(Registry.checkout_model_version)
promote_model_version = _on_current(Registry.promote_model_version)
get_promotion_history = _on_current(Registry.get_promotion_history)
create_endpoint = _on_current(Registry.create_endpoint)
update_endpoint_traffic = _on_current(Registry.update_endpoint_traffic)
rollback_endpoint = _on_current(Registry.rollback_endpoint)
delete_endpoint = _on_current(Registry.delete_endpoint)
get_endpoint = _on_current(Registry.get_endpoint)
list_endpoints = _on_current(Registry.list_endpoints)
get_endpoint_history = _on_current(Registry.get_endpoint_history)
get_endpoint_metrics = _on_current(Registry.get_endpoint_metrics)
rollback_model = _on_current(Registry.rollback_model)
delete_model_version = _on_current(Registry.delete_model_version)
