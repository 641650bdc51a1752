"""The methods of `Registry` for canaries."""

from regolo_git.api.arguments import reference_to
from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.records.canary import CanaryPolicy
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.canary import Said, abort_canary, hold_canary
from regolo_git.registry.endpoints.canary_promotion import promote_canary
from regolo_git.registry.endpoints.canary_start import start_canary
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.canary.status import CanaryStatus, canary_status, evidence_now


@plain_arguments
class CanaryVerbs:
    """Methods for canaries: a new version with a small share, beside the one that serves an endpoint."""

    handle: Handle

    def start_canary(
        self,
        endpoint_id: str,
        version: str,
        *,
        policy: CanaryPolicy | None = None,
        replicas: int | None = None,
        message: str | None = None,
        unmerged: bool = False,
        push: bool | None = None,
    ) -> Endpoint:
        """Gives a version the first share of the policy's steps, beside the one that serves the endpoint.

        `policy` replaces the one in the endpoint's file, but for the digests that are ruled out; an endpoint
        without one gets the default.  `replicas` defaults to those of the version that serves.  `push` is
        that of `promote_model_version`.

        Raises NotFound, also for content that is not in the store, Conflict if a canary runs already or the
        traffic is split, PolicyRefused for a version that a canary rolled back before, that is retired or,
        without `unmerged`, not merged.
        """
        model = get_endpoint(self.handle, endpoint_id).model
        return start_canary(
            self.handle,
            endpoint_id,
            reference_to(model, version),
            policy=policy,
            replicas=replicas,
            unmerged=unmerged,
            said=Said(message),
            push=push,
        ).made

    def get_canary(self, endpoint_id: str) -> CanaryStatus:
        """The canary of an endpoint and what was measured of it; its `candidate` is None if none runs."""
        return canary_status(self.handle, endpoint_id)

    def hold_canary(
        self, endpoint_id: str, *, resume: bool = False, message: str | None = None, push: bool | None = None
    ) -> Endpoint:
        """Keeps a canary at its step, until `resume`; it is still rolled back if the version is worse.

        Raises Conflict if no canary runs, or if nothing would change.
        """
        return hold_canary(self.handle, endpoint_id, resume=resume, said=Said(message), push=push).made

    def abort_canary(
        self, endpoint_id: str, *, message: str | None = None, push: bool | None = None
    ) -> Endpoint:
        """Ends a canary: the version beside it gets all the traffic.  Raises Conflict if none runs."""
        said = Said(message, evidence_now(self.handle, endpoint_id))
        return abort_canary(self.handle, endpoint_id, said=said, push=push).made

    def promote_canary(
        self,
        endpoint_id: str,
        *,
        message: str | None = None,
        unmerged: bool = False,
        push: bool | None = None,
    ) -> Endpoint:
        """Gives the version the next share of the policy or, after the last one, everything.

        The last step promotes it to the environment that the endpoint follows, in the same commit, by the
        rules of `promote_model_version`, and raises its errors.  Raises Conflict if no canary runs.
        """
        said = Said(message, evidence_now(self.handle, endpoint_id))
        return promote_canary(self.handle, endpoint_id, unmerged=unmerged, said=said, push=push).endpoint
