"""A `Writer` over a registry: its changes are commits on the operations branch."""

from collections.abc import Mapping

from regolo_git.git.publish import Published
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.canary import Said, decide_canary, end_canary, roll_back_canary
from regolo_git.registry.endpoints.canary_promotion import promote_canary
from regolo_git.registry.endpoints.rollback import RolledBack, roll_back
from regolo_git.registry.endpoints.traffic import update_traffic
from regolo_git.registry.handle import Handle


class RegistryWriter:
    """Writes through one handle, so it belongs to the thread that opened that.

    `push` says whether each change goes to the remote at once; None: as git config does.  With `propose` it
    goes to a new branch for review.
    """

    def __init__(self, handle: Handle, *, propose: bool = False, push: bool | None = None) -> None:
        self._handle = handle
        self._propose = propose
        self._push = push

    def set_traffic(
        self,
        endpoint: str,
        weights: Mapping[str, float] | None,
        *,
        shadow: Mapping[str, float] | None = None,
        replicas: Mapping[str, int] | None = None,
        message: str | None = None,
        unmerged: bool = False,
    ) -> Published[Endpoint]:
        """Sets the whole split; see `Writer`."""
        return update_traffic(
            self._handle,
            endpoint,
            weights,
            shadow=shadow,
            replicas=replicas,
            message=message,
            unmerged=unmerged,
            propose=self._propose,
            push=self._push,
        )

    def roll_back(
        self,
        endpoint: str,
        to_version: str | None = None,
        *,
        keep_environment: bool | None = None,
        message: str | None = None,
        unmerged: bool = False,
    ) -> Published[RolledBack]:
        """Sends everything to one version; see `Writer`."""
        return roll_back(
            self._handle,
            endpoint,
            to_version,
            keep_environment=keep_environment,
            message=message,
            unmerged=unmerged,
            propose=self._propose,
            push=self._push,
        )

    def decide_canary(self, endpoint: str, decider: str, *, take_over: bool, said: Said) -> Endpoint:
        """Makes one process the one that decides; see `Writer`."""
        return decide_canary(
            self._handle, endpoint, decider, take_over=take_over, said=said, push=self._push
        ).made

    def step_canary(self, endpoint: str, *, said: Said) -> Endpoint:
        """Gives the candidate its next share, or everything; see `Writer`."""
        return promote_canary(self._handle, endpoint, said=said, push=self._push).endpoint

    def roll_back_canary(self, endpoint: str, *, said: Said) -> Endpoint:
        """Ends a canary, and rules its candidate out; see `Writer`."""
        return roll_back_canary(self._handle, endpoint, said=said, push=self._push).made

    def end_canary(self, endpoint: str, *, said: Said) -> Endpoint:
        """Ends a canary whose traffic a person has changed; see `Writer`."""
        return end_canary(self._handle, endpoint, said=said, push=self._push).made
