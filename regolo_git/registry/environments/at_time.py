"""The version that each environment has now, or had at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.environment import Promotion
from regolo_git.records.names import check_environment_name
from regolo_git.records.paths import environment_path, place_of_promotion
from regolo_git.registry.branch_events import BranchEvent, branch_events
from regolo_git.registry.handle import Handle
from regolo_git.text.json_values import Plain, plain


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version in an environment, since when, and by whose commit.

    The last three are None in a shallow clone that lacks the commit.
    """

    environment: str
    model: str
    version: str
    digest: str
    replicas: int
    since: datetime | None = None
    who: str | None = None
    commit: str | None = None

    def to_dict(self) -> Plain:
        """The place and its version as plain values."""
        return {
            "environment": self.environment,
            "model": self.model,
            "version": self.version,
            "replicas": self.replicas,
            "since": plain(self.since),
            "by": self.who,
            "commit": self.commit,
            "digest": self.digest,
        }


def environments_at(
    handle: Handle, at: datetime | None = None, environment: str | None = None
) -> list[HeldVersion]:
    """What each environment, or one, has now or had at a time, lowest environment first.

    A change counts from the time at which it reached the operations branch: for a proposal, its merge.
    Raises NotFound if a shallow clone lacks the history up to that time.
    """
    if environment is not None:
        check_environment_name(environment)
    found = _now(handle, environment) if at is None else _then(handle, at, environment)
    config = handle.records().config()
    rank = {name: number for number, name in enumerate(config.environment_order() if config else ())}
    return sorted(found, key=lambda held: (rank.get(held.environment, -1), held.environment, held.model))


def _now(handle: Handle, environment: str | None) -> Iterator[HeldVersion]:
    promotions = handle.readable(handle.shown_records().promotions())
    held = {
        environment_path(promotion.environment, promotion.model): promotion
        for promotion in promotions
        if environment in (None, promotion.environment)
    }
    waiting = set(held)
    if waiting:
        try:
            for event in branch_events(handle, handle.operations_tip(), waiting.__contains__):
                if event.path in waiting:
                    waiting.remove(event.path)
                    yield _of(held[event.path], event)
                if not waiting:
                    break
        except NotFound:  # in a shallow clone
            pass
    yield from (_of(held[path], None) for path in waiting)


def _then(handle: Handle, at: datetime, environment: str | None) -> Iterator[HeldVersion]:
    def wanted(path: str) -> bool:
        place = place_of_promotion(path)
        return place is not None and environment in (None, place.partition("/")[0])

    decided: set[str] = set()
    for event in branch_events(handle, handle.operations_tip(), wanted):
        if event.path in decided or event.when > at:
            continue
        environment_then, _, model = (place_of_promotion(event.path) or "").partition("/")
        try:
            promotion = handle.records_at(event.info.oid).promotion(environment_then, model)
        except IntegrityError:
            continue  # a commit that broke the file promoted nothing
        decided.add(event.path)
        if promotion is not None:
            yield _of(promotion, event)


def _of(promotion: Promotion, event: BranchEvent | None) -> HeldVersion:
    return HeldVersion(
        promotion.environment,
        promotion.model,
        promotion.version,
        str(promotion.digest),
        promotion.replicas,
        event.when if event is not None else None,
        event.info.author if event is not None else None,
        event.info.oid if event is not None else None,
    )
