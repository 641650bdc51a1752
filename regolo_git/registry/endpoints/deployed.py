"""What an endpoint serves, compared with the environment that it follows.

A rollback or a split moves an endpoint away from its environment, on purpose or by mistake.  Every view says
so in the words of `Deployed.state`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import IntegrityError
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.text.json_values import Plain
from regolo_git.text.numbers import share_text, shares_text

if TYPE_CHECKING:
    from regolo_git.records.endpoint import Endpoint
    from regolo_git.records.environment import Promotion
    from regolo_git.registry.handle import Handle
    from regolo_git.registry.records_at import RecordsAt


class Deployed(NamedTuple):
    """An endpoint, and the version that is promoted to its environment.

    It `agrees` if it follows no environment, or if the promoted version has all its traffic, or the rest of
    it beside a `candidate`.  Of an endpoint that was rolled back, `rolled_back_from` is the version that the
    environment had.
    """

    name: str
    model: str
    environment: str | None
    promoted: str | None
    traffic: Mapping[str, float]
    agrees: bool
    rolled_back_from: str | None
    candidate: str | None = None

    def to_dict(self) -> Plain:
        """The endpoint beside its environment."""
        return {
            "endpoint": self.name,
            "environment": self.environment,
            "environment_version": self.promoted,
            "traffic": dict(self.traffic),
            "agrees": self.agrees,
            "rolled_back_from": self.rolled_back_from,
            "candidate": self.candidate,
            "state": self.state,
        }

    @property
    def place(self) -> str:
        """The environment with its version: `production=1.1`."""
        return f"{self.environment}={self.promoted}" if self.promoted is not None else f"{self.environment}"

    @property
    def state(self) -> str:
        """How the endpoint relates to its environment, and its canary; empty without either."""
        return ", ".join(filter(None, (self._canary(), self._beside_environment())))

    def _canary(self) -> str:
        if self.candidate is None:
            return ""
        return f"canary of {self.candidate} at {share_text(self.traffic.get(self.candidate, 0.0))}"

    def _beside_environment(self) -> str:
        if self.environment is None:
            return ""
        if self.rolled_back_from is not None:
            return self._rolled_back()
        if self.agrees:
            return f"follows {self.place}"
        if self.promoted is None:
            return f"follows {self.environment}, which has no version"
        return f"differs from {self.place}"

    def _rolled_back(self) -> str:
        text = f"rolled back from {self.environment}={self.rolled_back_from}"
        if self.agrees:
            return f"{text}, follows {self.place}"
        if self.promoted == self.rolled_back_from:
            return text
        return f"{text}, which has {self.promoted or 'no version'} now"

    @property
    def remark(self) -> str | None:
        """A sentence about an endpoint that does not serve what its environment has; None if it does."""
        if self.agrees:
            return None
        return f"endpoint '{self.name}' serves {shares_text(self.traffic)}: {self.state}"

    @property
    def next_step(self) -> Hint | None:
        """The promotion after which the two agree; it names no version that was rolled back."""
        version = self.promoted
        if self.promoted is None or self.rolled_back_from is not None:
            served = [version for version, share in self.traffic.items() if share > 0]
            version = served[0] if len(served) == 1 else None
        if self.agrees or self.environment is None or version is None:
            return None
        return Hint("promote", version_reference(self.model, version), self.environment)


def deployed(endpoint: "Endpoint", promotion: "Promotion | None") -> Deployed:
    """An endpoint beside the promotion of its model to the environment that it follows."""
    return Deployed(
        endpoint.endpoint,
        endpoint.model,
        endpoint.environment,
        promotion.version if promotion is not None else None,
        endpoint.traffic,
        endpoint.environment is None or _serves(endpoint, promotion),
        endpoint.rolled_back_from,
        endpoint.candidate.version if endpoint.candidate is not None else None,
    )


def _serves(endpoint: "Endpoint", promotion: "Promotion | None") -> bool:
    whole = endpoint.whole or baseline_of(endpoint)
    if promotion is None or whole is None:
        return False
    same_version = Version.parse(whole) == Version.parse(promotion.version)
    return same_version and endpoint.versions[whole].digest == promotion.digest


def read_deployed(handle: "Handle", endpoint: "Endpoint") -> Deployed:
    """An endpoint beside its environment on the operations branch."""
    return deployed(endpoint, followed_promotion(handle, handle.records(), endpoint))


def followed_promotion(handle: "Handle", records: "RecordsAt", endpoint: "Endpoint") -> "Promotion | None":
    """The promotion that an endpoint follows; None, with a notice, if it cannot be read."""
    if endpoint.environment is None:
        return None
    try:
        return records.promotion(endpoint.environment, endpoint.model)
    except IntegrityError as error:
        handle.notice_broken([error])
        return None


def baseline_of(endpoint: "Endpoint") -> str | None:
    """The version that shares the traffic with the candidate; None without one, or if more or fewer share."""
    if endpoint.candidate is None:
        return None
    serving = {version for version, share in endpoint.traffic.items() if share > 0}
    others = serving - {endpoint.candidate.version}
    return next(iter(others)) if len(serving) == 2 and len(others) == 1 else None


def all_deployed(endpoints: "Iterable[Endpoint]", promotions: "Iterable[Promotion]") -> list[Deployed]:
    """Every endpoint beside its environment."""
    placed = {(promotion.environment, promotion.model): promotion for promotion in promotions}
    return [
        deployed(
            endpoint, placed.get((endpoint.environment, endpoint.model)) if endpoint.environment else None
        )
        for endpoint in endpoints
    ]


def notice_difference(handle: "Handle", endpoint: "Endpoint") -> None:
    """Issues a notice if an endpoint that was just changed does not serve what its environment has."""
    found = read_deployed(handle, endpoint)
    if found.remark is not None:
        step = found.next_step
        agree = f"; for both to agree: {handle.step(step)}" if step is not None else ""
        handle.notice(f"{found.remark}{agree}")
