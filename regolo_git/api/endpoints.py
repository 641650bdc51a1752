"""Environments and endpoints, as methods of `Registry`: what is promoted and what is served."""

from collections.abc import Mapping
from typing import Literal

from regolo_git.api.versions import reference_to
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.routing import Routing
from regolo_git.registry.endpoints.create import create_endpoint
from regolo_git.registry.endpoints.delete import delete_endpoint
from regolo_git.registry.endpoints.get import get_endpoint, list_endpoints
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_history
from regolo_git.registry.environments.history import PromotionEvent, promotion_history
from regolo_git.registry.environments.promote import promote
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import warn
from regolo_git.serving.endpoint_metrics import endpoint_metrics
from regolo_git.serving.metrics.values import EndpointMetrics
from regolo_git.serving.registry_writer import RegistryWriter


class EndpointVerbs:
    """The verbs of environments and endpoints."""

    handle: Handle

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
        reference = reference_to(model_id, version)
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
        engine: str = "local",
        *,
        routing: Routing | None = None,
        message: str | None = None,
    ) -> Endpoint:
        """Makes an endpoint that sends everything to one version.

        Bound to an environment it follows the promotions there, and the environment's replicas win.  Raises
        Conflict where it exists, NotFound, InvalidInput, PolicyRefused for a retired version.
        """
        return create_endpoint(
            self.handle,
            endpoint_id,
            reference_to(model_id, version),
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
            warn(why)
        return done.endpoint

    def delete_endpoint(self, endpoint_id: str, *, message: str | None = None) -> None:
        """Takes an endpoint off the registry branch; its history stays.  Raises NotFound."""
        delete_endpoint(self.handle, endpoint_id, message=message)

    def get_endpoint(self, endpoint_id: str) -> Endpoint:
        """An endpoint's desired state.  Raises NotFound, IntegrityError for a broken file."""
        return get_endpoint(self.handle, endpoint_id)

    def list_endpoints(self) -> list[Endpoint]:
        """Every endpoint on the registry branch, sorted by name; a `RegoloNotice` names a broken one."""
        return list_endpoints(self.handle)

    def get_endpoint_history(self, endpoint_id: str) -> list[EndpointEvent]:
        """Every change of an endpoint, newest first."""
        return endpoint_history(self.handle, endpoint_id)

    def get_endpoint_metrics(
        self,
        endpoint_id: str,
        window: str | float = "5m",
        *,
        prometheus: str | None = None,
        source: Literal["auto", "gateway", "recorded"] = "auto",
    ) -> EndpointMetrics:
        """Requests, errors, latencies and shares of each version over a window ("30s", "5m", "2h", seconds).

        Read from the running gateway, from a Prometheus server where its URL is given, or from what was last
        recorded.  A rate over no requests is None, never 0.  Raises NotFound, InvalidInput, TransportError,
        ServingError.
        """
        return endpoint_metrics(self.handle, endpoint_id, window=window, prometheus=prometheus, source=source)
