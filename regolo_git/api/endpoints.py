"""The methods of `Registry` for environments and endpoints."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from regolo_git.api.arguments import reference_to
from regolo_git.api.plain_arguments import plain_arguments, plain_keys
from regolo_git.api.progress import ProgressOption, reporting
from regolo_git.api.value_list import ValueList
from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.routing import Routing
from regolo_git.registry.endpoints.create import create_endpoint
from regolo_git.registry.endpoints.delete import delete_endpoint
from regolo_git.registry.endpoints.get import get_endpoint, list_endpoints
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_history
from regolo_git.registry.environments.at_time import HeldVersion, environments_at
from regolo_git.registry.environments.demote import demote
from regolo_git.registry.environments.history import PromotionEvent, promotion_history
from regolo_git.registry.environments.promote import canary_notice, promote
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import warn
from regolo_git.serving.endpoint_metrics import endpoint_metrics
from regolo_git.serving.metrics.values import EndpointMetrics
from regolo_git.serving.registry_writer import RegistryWriter
from regolo_git.serving.unloadable import notices_of_moved, unloadable_notices
from regolo_git.serving.untrusted_types import untrusted_types_notices
from regolo_git.text.times import parse_time
from regolo_git.verdict.gate_result import with_state


@plain_arguments
class EndpointVerbs:
    """Methods for environments and endpoints."""

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
        unmerged: bool = False,
        new_environment: bool = False,
        at_once: bool = False,
        push: bool | None = None,
        dry_run: bool = False,
        progress: ProgressOption = None,
    ) -> Promotion:
        """Promotes a version to an environment, together with the endpoints that follow it, in one commit.

        `replicas` defaults to the environment's rule, then to the number of the current promotion, then to 1.
        With `propose` the commit goes to a branch for review; `unmerged` allows a version that neither the
        registry branch nor another released branch contains.  An environment that is not declared is refused
        unless `new_environment`, which declares it in the same commit.  Promoting the version that is there
        already brings back endpoints that were moved away from it.  The gates of the model card and of the
        environment are asked; one that is open, as without a number, is a `RegoloNotice`.  With `dry_run`
        everything is checked and nothing is committed.  `progress` is that of `register_model`, for the bytes
        that are verified.

        Where an endpoint that follows has a policy for canaries, one is started instead, unless `at_once`: a
        `RegoloNotice` says so, and the returned promotion is what its last step will commit.

        With `push`, this fetches first, commits on the tip of the remote's branch and pushes; nothing is
        changed here if the remote refuses.  None is what `regolo.push` of git config says.  Raises NotFound,
        InvalidInput, PolicyRefused if a rule or a gate forbids it (`judgement.results` of the latter has all
        gates), Conflict if nothing would change, IntegrityError if the content does not match its digest,
        TransportError if the push fails.
        """
        reference = reference_to(model_id, version)
        with reporting(progress, f"verifying {reference}") as tell:
            done = promote(
                self.handle,
                reference,
                environment,
                replicas=replicas,
                message=message,
                propose=propose,
                unmerged=unmerged,
                new_environment=new_environment,
                at_once=at_once,
                push=push,
                dry_run=dry_run,
                on_progress=tell,
            )
        for result in with_state(done.judgement.results, "open"):
            warn(f"gate open, {result.label}: {result.reason}")
        if done.canaries:
            warn(canary_notice(done))
        moved = () if propose or dry_run else done.endpoints
        for notice in notices_of_moved(self.handle, moved, os.environ):
            warn(notice)
        return done.promotion

    def demote_model_version(
        self,
        model_id: str,
        environment: str,
        *,
        message: str | None = None,
        propose: bool = False,
        push: bool | None = None,
    ) -> Promotion | None:
        """Takes the version of a model out of an environment; returns the promotion that was there.

        Endpoints that follow the environment keep what they serve.  With `propose` the commit goes to a
        branch for review; `push` is that of `promote_model_version`.  Returns None if the promotion could not
        be read.  Raises NotFound if there is none.
        """
        done = demote(self.handle, model_id, environment, message=message, propose=propose, push=push)
        return done.promotion

    def get_promotion_history(
        self, model_id: str, environment: str | None = None
    ) -> ValueList[PromotionEvent]:
        """The promotions of a model, newest first; a proposed one is dated by its merge."""
        return ValueList(promotion_history(self.handle, model_id, environment))

    def list_environments(
        self, environment: str | None = None, at: datetime | str | None = None
    ) -> ValueList[HeldVersion]:
        """The version of each model in every environment, or in one, now or at a time.

        `at` has a time zone, or is text such as "2026-05-01".  Raises InvalidInput, and NotFound if a shallow
        clone lacks the history.
        """
        return ValueList(environments_at(self.handle, _time(at), environment))

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
        unmerged: bool = False,
        push: bool | None = None,
    ) -> Endpoint:
        """Creates an endpoint that sends all traffic to one version.

        With an environment it follows the promotions there and uses the environment's replicas.  Raises
        Conflict if it exists, NotFound, InvalidInput, PolicyRefused for a version that is retired or, without
        `unmerged`, not merged.  A version that no server could load, and types in a skops file that a
        policy has to name, are a `RegoloNotice`.  `push` is that of `promote_model_version`.
        """
        created = create_endpoint(
            self.handle,
            endpoint_id,
            reference_to(model_id, version),
            environment=environment,
            replicas=replicas,
            engine=engine,
            routing=routing,
            message=message,
            unmerged=unmerged,
            push=push,
        )
        for notices in (unloadable_notices, untrusted_types_notices):
            for notice in notices(self.handle, created, os.environ):
                warn(notice)
        return created

    def update_endpoint_traffic(
        self,
        endpoint_id: str,
        version_traffic: Mapping[str, float] | None = None,
        *,
        shadow: Mapping[str, float] | None = None,
        replicas: Mapping[str, int] | None = None,
        message: str | None = None,
        unmerged: bool = False,
        propose: bool = False,
        push: bool | None = None,
    ) -> Endpoint:
        """Sets the whole traffic split in one commit: shares that add up to 1, or percentages (100).

        A version that is not listed is removed from the endpoint; one with weight 0 stays addressable.
        `shadow` sets the versions that get copies of requests, whose answers are counted and dropped: shares
        in the unit of the split, or percentages without one; `{}` ends every shadow, None keeps them.
        With `propose` the commit goes to a branch for review, and the endpoint is returned as it would be;
        `push` is that of `promote_model_version`.  Raises InvalidInput, NotFound, PolicyRefused for a retired
        version.
        """
        weights = plain_keys(version_traffic) if version_traffic is not None else None
        copies = plain_keys(shadow) if shadow is not None else None
        counts = plain_keys(replicas) if replicas is not None else None
        known = get_endpoint(self.handle, endpoint_id).versions
        writer = RegistryWriter(self.handle, propose=propose, push=push)
        changed = writer.set_traffic(
            endpoint_id, weights, shadow=copies, replicas=counts, message=message, unmerged=unmerged
        ).made
        for notice in unloadable_notices(self.handle, changed, os.environ, known):
            warn(notice)
        return changed

    def rollback_endpoint(
        self,
        endpoint_id: str,
        to_version: str | None = None,
        *,
        keep_environment: bool | None = None,
        message: str | None = None,
        unmerged: bool = False,
        propose: bool = False,
        push: bool | None = None,
    ) -> Endpoint:
        """Returns all traffic to `to_version`, or to the last good version, with a new commit.

        The last good version is the newest one that had all the traffic and was not rolled back since; one
        that can no longer serve is skipped with a `RegoloNotice`.

        An environment that the endpoint follows is rolled back in the same commit, unless other endpoints
        follow it too or the version was never promoted there; then a `RegoloNotice` says that they differ.
        `keep_environment=True` leaves the environment as it is; False rolls it back with all endpoints that
        follow it.  `propose` and `push` are those of `update_endpoint_traffic`.

        Raises NotFound, also for content that is not in the store, and PolicyRefused for a retired version.
        """
        writer = RegistryWriter(self.handle, propose=propose, push=push)
        done = writer.roll_back(
            endpoint_id, to_version, keep_environment=keep_environment, message=message, unmerged=unmerged
        ).made
        for skipped in done.skipped:
            warn(skipped)
        return done.endpoint

    def delete_endpoint(
        self, endpoint_id: str, *, message: str | None = None, push: bool | None = None
    ) -> None:
        """Deletes an endpoint from the operations branch, keeping its history.

        `push` is that of `promote_model_version`.  Raises NotFound.
        """
        delete_endpoint(self.handle, endpoint_id, message=message, push=push)

    def get_endpoint(self, endpoint_id: str) -> Endpoint:
        """The desired state of an endpoint.  Raises NotFound, IntegrityError for an unreadable file."""
        return get_endpoint(self.handle, endpoint_id)

    def list_endpoints(self) -> ValueList[Endpoint]:
        """Every endpoint on the operations branch, sorted by name; an unreadable one is a `RegoloNotice`."""
        return ValueList(list_endpoints(self.handle))

    def get_endpoint_history(self, endpoint_id: str) -> ValueList[EndpointEvent]:
        """Every change of an endpoint, newest first."""
        return ValueList(endpoint_history(self.handle, endpoint_id))

    def get_endpoint_metrics(
        self,
        endpoint_id: str,
        window: str | float = "5m",
        *,
        prometheus: str | None = None,
        source: Literal["auto", "gateway", "recorded"] = "auto",
    ) -> EndpointMetrics:
        """Requests, errors, latency and traffic share of each version over a window ("30s", "5m", seconds).

        Read from the running gateway or from the Prometheus server at `prometheus`; if no server runs, what
        the last one counted before it stopped, or else the last recorded snapshot.  A rate without requests
        is None, not 0.  Raises NotFound, InvalidInput, TransportError, ServingError.
        """
        return endpoint_metrics(self.handle, endpoint_id, window=window, prometheus=prometheus, source=source)


def _time(at: datetime | str | None) -> datetime | None:
    """Raises InvalidInput for text that is not a time, and for a time without a zone."""
    found = parse_time(at) if isinstance(at, str) else at
    if at is not None and (found is None or found.tzinfo is None):
        raise InvalidInput(f"{at!r} is not a time with a zone", 'pass at="2026-05-01T14:30Z"')
    return found
