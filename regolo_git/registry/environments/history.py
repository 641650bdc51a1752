"""The history of promotions: every change of `environments/*/<model>.toml`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from regolo_git.errors import IntegrityError
from regolo_git.records.environment import Promotion
from regolo_git.records.names import check_environment_name
from regolo_git.records.paths import place_of_promotion
from regolo_git.registry.branch_events import action_of, branch_events
from regolo_git.registry.handle import Handle
from regolo_git.text.json_values import Plain, plain


@dataclass(frozen=True, slots=True)
class PromotionEvent:
    """One change of a model's promotion in an environment; `promotion` is None if it was removed.

    `action` is the command's `Regolo-Action` ("promote", "demote", "rollback" of an endpoint), "revert" for
    `git revert` of the commit `reverted`, or "edit".  `when` is the time at which the change reached the
    operations branch: for a proposal, its merge.
    """

    environment: str
    model: str
    promotion: Promotion | None
    commit: str
    when: datetime
    who: str
    message: str
    action: str
    reverted: str | None = None

    def to_dict(self) -> Plain:
        """The change as plain values, under the names of `git regolo history --json`."""
        return {
            "when": plain(self.when),
            "environment": self.environment,
            "action": self.action,
            "version": self.promotion.version if self.promotion else None,
            "replicas": self.promotion.replicas if self.promotion else None,
            "by": self.who,
            "commit": self.commit,
            "message": self.message,
        }


def promotion_history(handle: Handle, model: str, environment: str | None = None) -> list[PromotionEvent]:
    """A model's promotions, newest first, in one environment or in every one that ever existed.

    Raises InvalidInput for an invalid environment name, NotFound if a shallow clone lacks the history.
    """
    tip = handle.operations_tip()
    if environment is not None:
        check_environment_name(environment)
    return list(promotion_events(handle, tip, model, environment))


def promotion_events(
    handle: Handle, tip: str, model: str, environment: str | None
) -> Iterator[PromotionEvent]:
    """The changes of a model's promotion in one environment, or in any, from a tip back."""

    def wanted(path: str) -> bool:
        place, _, name = (place_of_promotion(path) or "").partition("/")
        return name == model and environment in (None, place)

    for event in branch_events(handle, tip, wanted):
        place = (place_of_promotion(event.path) or "").partition("/")[0]
        try:
            promotion = handle.records_at(event.info.oid).promotion(place, model)
        except IntegrityError:
            continue  # a commit that broke the file promoted nothing; fsck names it
        info = event.info
        yield PromotionEvent(
            place,
            model,
            promotion,
            info.oid,
            event.when,
            info.author,
            info.subject,
            *action_of(info),
        )
