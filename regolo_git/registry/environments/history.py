"""The history of promotions: every change of `environments/*/<model>.toml`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from regolo_git.errors import IntegrityError
from regolo_git.git.history import directories_ever, path_history
from regolo_git.git.repository import CommitInfo
from regolo_git.records.environment import Promotion
from regolo_git.records.names import check_environment_name
from regolo_git.records.paths import ENVIRONMENTS, environment_path
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_order import merge_points


@dataclass(frozen=True, slots=True)
class PromotionEvent:
    """One change of a model's promotion in an environment; `promotion` is None if it was removed.

    `when` is the time at which the change reached the registry branch: for a proposal, its merge.
    """

    environment: str
    model: str
    promotion: Promotion | None
    commit: str
    when: datetime
    who: str
    message: str


def promotion_history(handle: Handle, model: str, environment: str | None = None) -> list[PromotionEvent]:
    """A model's promotions, newest first, in one environment or in every one that ever existed.

    Raises InvalidInput for an invalid environment name.
    """
    tip = handle.registry_tip()
    if environment is not None:
        check_environment_name(environment)
    if tip is None:
        return []
    names = [environment] if environment is not None else _environments_ever(handle, tip)
    found = [pair for name in names for pair in promotion_events(handle, tip, model, name)]
    merged = merge_points(handle.git, tip, (info for info, _ in found))
    found.sort(key=lambda pair: merged[pair[0].oid].rank)
    return [replace(event, when=merged[info.oid].when) for info, event in found]


def promotion_events(
    handle: Handle, tip: str, model: str, environment: str
) -> Iterator[tuple[CommitInfo, PromotionEvent]]:
    """The commits that changed a model's promotion in one environment, newest first, from a tip."""
    for info in path_history(handle.git, tip, environment_path(environment, model)):
        try:
            promotion = handle.records_at(info.oid).promotion(environment, model)
        except IntegrityError:
            continue  # a commit that broke the file promoted nothing; fsck names it
        who, when = info.author, info.committed_at
        yield info, PromotionEvent(environment, model, promotion, info.oid, when, who, info.subject)


def _environments_ever(handle: Handle, tip: str) -> list[str]:
    """The configured environments in their order, then every other one that ever existed."""
    ever = directories_ever(handle.git, tip, ENVIRONMENTS)
    return list(dict.fromkeys([*handle.config().environment_order(), *sorted(ever)]))
