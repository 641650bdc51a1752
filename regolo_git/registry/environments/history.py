"""What stood in which environment and since when: the history of `environments/*/<model>.toml`."""

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
    """One change of what stands in an environment; `promotion` is None where it was taken out.

    `when` is the time at which it came onto the registry branch: of a proposal, when it was merged.
    """

    environment: str
    model: str
    promotion: Promotion | None
    commit: str
    when: datetime
    who: str
    message: str


def promotion_history(handle: Handle, model: str, environment: str | None = None) -> list[PromotionEvent]:
    """What stood where and when, newest first; of one environment or of all that ever held the model.

    Raises InvalidInput for a name that no environment can have.
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
    """The commits that changed what stands in one environment as of a commit, newest first."""
    for info in path_history(handle.git, tip, environment_path(environment, model)):
        try:
            promotion = handle.records_at(info.oid).promotion(environment, model)
        except IntegrityError:
            continue  # a commit that broke the file promoted nothing; fsck names it
        who, when = info.author, info.committed_at
        yield info, PromotionEvent(environment, model, promotion, info.oid, when, who, info.subject)


def _environments_ever(handle: Handle, tip: str) -> list[str]:
    """The configured environments in their order, then every other one that there ever was."""
    ever = directories_ever(handle.git, tip, ENVIRONMENTS)
    return list(dict.fromkeys([*handle.config().environment_order(), *sorted(ever)]))
