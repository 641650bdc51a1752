"""Desired state as serving sees it: who reads it (`Source`), and who may change the traffic (`Writer`).

An engine sees a registry through `Source` only and changes nothing.  Whoever changes a split does it through
`Writer`, so that the change is a commit that every engine then reads.  `registry_source.py` and
`registry_writer.py` are the real ones.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.registry.endpoints.rollback import RolledBack
from regolo_git.registry.records_at import Listing
from regolo_git.serving.model_files import ModelFiles


class Source(Protocol):
    """The desired state of endpoints.

    `head` and `endpoints` are called from one thread, `fetch` and `keep_only` from another, and the two may
    overlap: bringing a cold version's bytes must not delay the rollback of a warm one.
    """

    def head(self) -> str:
        """The commit that the registry branch is at.  Cheap: asked four times a second."""
        ...

    def endpoints(self, commit: str) -> Listing[Endpoint]:
        """Every endpoint as of a commit, and what is wrong with those that cannot be read.

        Raises RegoloError where the commit itself cannot be read.
        """
        ...

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """Brings a version's bytes, verified against the pinned digest; asking again is cheap.

        Raises NotFound where the bytes are missing, IntegrityError where they are not what was pinned.
        """
        ...

    def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes what `fetch` ever brought, for other digests than these; `fetch` may bring it again."""
        ...


class Writer(Protocol):
    """Changes the traffic of endpoints; each change is one commit, or an error and no commit.

    The command line and the Python API hold one; whatever comes to decide by itself is to be given one and
    nothing else.  Only a promotion moves traffic without it: endpoints that follow an environment change in
    the promotion's own commit.
    """

    def set_traffic(
        self,
        endpoint: str,
        weights: Mapping[str, float],
        *,
        replicas: Mapping[str, int] | None = None,
        message: str | None = None,
    ) -> Endpoint:
        """Sets the whole split: shares that add up to 1, or percents that add up to 100.

        A version that is not named leaves the endpoint; one with weight 0 stays addressable.  Raises
        InvalidInput, NotFound, PolicyRefused for a retired version, Conflict where it is like that already.
        """
        ...

    def roll_back(
        self, endpoint: str, to_version: str | None = None, *, message: str | None = None
    ) -> RolledBack:
        """Sends everything to `to_version`, or to the last good version that can still serve.

        Raises NotFound, also where the bytes are gone, PolicyRefused for a retired version, Conflict where it
        is like that already.
        """
        ...
