"""Rolling back an environment with an endpoint that follows it, where nobody would be surprised.

A rollback is urgent, so it asks no rule again; it may therefore move the environment only to a version that
was promoted there before, with the same bytes.  Where other endpoints follow as well, somebody has to say
that they are meant too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from regolo_git.errors import PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint, RollbackMark
from regolo_git.records.environment import Promotion
from regolo_git.registry.endpoints.traffic import moved_endpoint, promotion_files
from regolo_git.registry.environments.permission import is_of, was_promoted_to
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class EnvironmentMove:
    """The promotion that a rollback writes, the one before, and the other endpoints that move with it."""

    promotion: Promotion
    previous: Promotion
    others: tuple[Endpoint, ...]

    @property
    def files(self) -> Mapping[str, bytes | None]:
        """The files of the environment and of the other endpoints."""
        return promotion_files(self.promotion, self.others)


def environment_move(
    handle: Handle,
    records: RecordsAt,
    endpoint: Endpoint,
    previous: Promotion | None,
    version: ModelVersion,
    *,
    keep: bool | None,
) -> EnvironmentMove | None:
    """What a rollback of an endpoint to a version does to the environment that it follows.

    `previous` is the promotion there.  With `keep` the environment stays.  None moves it if no other endpoint
    follows it and the version was promoted there with the same bytes; False moves it with all endpoints that
    follow, and raises PolicyRefused if the version never was there.
    """
    if keep or previous is None or is_of(previous, version):
        return None
    others = other_followers(handle, records, endpoint)
    if others and keep is None:
        return None
    if not was_promoted_to(handle, version, previous.environment):
        if keep is None:
            return None
        raise PolicyRefused(
            f"'{version.reference}' was never promoted to '{previous.environment}'",
            Hint("promote", version.reference, previous.environment),
        )
    digest = version.manifest.artifact.digest
    promotion = replace(previous, version=version.version, commit=version.commit, digest=digest)
    mark = rollback_mark(previous, version)
    moved = (replace(moved_endpoint(other, promotion), rolled_back=mark) for other in others)
    return EnvironmentMove(promotion, previous, tuple(moved))


def rollback_mark(previous: Promotion | None, version: ModelVersion) -> RollbackMark | None:
    """The record of a rollback to a version other than the one that is promoted."""
    if previous is None or is_of(previous, version):
        return None
    return RollbackMark(previous.version, version.version)


def other_followers(handle: Handle, records: RecordsAt, endpoint: Endpoint) -> list[Endpoint]:
    """The other endpoints that follow the environment of an endpoint; empty if it follows none."""
    if endpoint.environment is None:
        return []
    place = endpoint.model, endpoint.environment
    return [
        other
        for other in handle.readable(records.endpoints())
        if other.endpoint != endpoint.endpoint and (other.model, other.environment) == place
    ]
