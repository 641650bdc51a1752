"""Desired state as serving sees it: reading it (`Source`), and changing the traffic (`Writer`).

An engine sees a registry through `Source` only and changes nothing.  Whoever changes a split does it through
`Writer`, so that the change is a commit that every engine then reads.  `registry_source.py` and
`registry_writer.py` are the real ones.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from regolo_git.git.publish import Published
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.registry.endpoints.canary import Said
from regolo_git.registry.endpoints.history import EndpointEvent
from regolo_git.registry.endpoints.rollback import RolledBack
from regolo_git.registry.records_at import Listing
from regolo_git.serving.model_files import ModelFiles


@dataclass(frozen=True, slots=True)
class EndpointChanges:
    """The newest changes of an endpoint, newest first, and why older ones cannot be read, if they cannot."""

    events: tuple[EndpointEvent, ...] = ()
    problem: str | None = None


class Source(Protocol):
    """The desired state of endpoints.

    `head` and `endpoints` are called from one thread, `fetch` and `keep_only` from another, `changes` from a
    third, and they may overlap: fetching a cold version or reading a long history must not delay the rollback
    to a warm version.
    """

    def head(self) -> str:
        """The commit that the operations branch is at.  Cheap: asked four times a second."""
        ...

    def endpoints(self, commit: str) -> Listing[Endpoint]:
        """Every endpoint as of a commit, and what is wrong with those that cannot be read.

        Raises RegoloError where the commit itself cannot be read.
        """
        ...

    def changes(self, endpoint: str, commit: str, most: int) -> EndpointChanges:
        """The newest changes of an endpoint as of a commit, at most `most` of them.

        Raises RegoloError where the commit itself cannot be read.
        """
        ...

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """Fetches a version's files, verified against the pinned digest; asking again is cheap.

        Raises NotFound if they are missing, IntegrityError if they do not have the pinned digest.
        """
        ...

    def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes everything fetched for other digests; `fetch` fetches it again."""
        ...


class Writer(Protocol):
    """Changes the traffic of endpoints; each change is one commit, or an error and no commit.

    The command line and the Python API use one.  The canary controller, which decides on its own, is given
    one and nothing else.  Only a promotion changes traffic without it: endpoints that follow
    an environment change in the promotion's own commit.
    """

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
        """Sets the whole split: shares that add up to 1, or percents that add up to 100; None keeps it.

        A version that is not named leaves the endpoint; one with weight 0 stays addressable.  `shadow` sets
        the versions that get copies of requests, in the same unit; None keeps them.  Raises InvalidInput,
        NotFound, PolicyRefused for a retired version, Conflict if nothing would change.
        """
        ...

    def roll_back(
        self,
        endpoint: str,
        to_version: str | None = None,
        *,
        keep_environment: bool | None = None,
        message: str | None = None,
        unmerged: bool = False,
    ) -> Published[RolledBack]:
        """Sends everything to `to_version`, or to the last good version that can still serve.

        The followed environment goes along, unless others follow it too, the version was never there, or
        `keep_environment` says that it stays.  If that is False, it goes along with all its endpoints.

        Raises NotFound, also for missing bytes, PolicyRefused for a retired version, Conflict if nothing
        would change.
        """
        ...

    def decide_canary(self, endpoint: str, decider: str, *, take_over: bool, said: Said) -> Endpoint:
        """Makes one process the one that decides on a canary.  Raises Conflict if another one does."""
        ...

    def step_canary(self, endpoint: str, *, said: Said) -> Endpoint:
        """Gives the candidate of a canary its next share, or everything.  Raises as `promote_canary` does."""
        ...

    def roll_back_canary(self, endpoint: str, *, said: Said) -> Endpoint:
        """Ends a canary, and rules its candidate out.  Raises Conflict if it is not the one that is meant."""
        ...

    def end_canary(self, endpoint: str, *, said: Said) -> Endpoint:
        """Ends a canary whose traffic a person has changed, which stays as it is."""
        ...
