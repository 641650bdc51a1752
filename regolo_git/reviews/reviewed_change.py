"""A reviewed change as a value: models, environments, endpoints and rules, and the verdict."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from regolo_git.cached import cached_property
from regolo_git.errors import PolicyRefused
from regolo_git.records.paths import endpoint_path, environment_path, manifest_path
from regolo_git.reviews.change_range import ChangeRange
from regolo_git.reviews.findings import NOT_JUDGED, WRONG, Finding
from regolo_git.reviews.model_review import ModelReview
from regolo_git.reviews.places import PlaceChange
from regolo_git.reviews.policy import PolicyChange
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.loosened import Loosened

ReviewVerdict = Literal["wrong", "fail", "not judged", "open", "pass"]
FAILS = PolicyRefused.exit_code


@dataclass(frozen=True, slots=True)
class ReviewedGate:
    """The result of a gate, with the model that it is about and the path of the record that it judges."""

    model: str
    path: str
    gate: GateResult


@dataclass(frozen=True)
class ReviewedChange:
    """A reviewed change, as a value."""

    range: ChangeRange
    models: tuple[ModelReview, ...]
    environments: tuple[PlaceChange, ...]
    endpoints: tuple[PlaceChange, ...]
    policy: tuple[PolicyChange, ...]
    loosened: tuple[Loosened, ...] = ()

    @cached_property
    def findings(self) -> tuple[tuple[str, Finding], ...]:
        """What is wrong or could not be judged, each with the path of its record."""
        return tuple(self._findings())

    def _findings(self) -> Iterator[tuple[str, Finding]]:
        for model in self.models:
            for finding in model.findings:
                yield manifest_path(model.model), finding
        for place in self.environments:
            if place.error is not None:
                yield environment_path(place.name, place.model), Finding(place.error, WRONG)
        for place in self.endpoints:
            if place.error is not None:
                yield endpoint_path(place.name), Finding(place.error, WRONG)
        for policy in self.policy:
            if policy.error is not None:
                yield policy.path, Finding(policy.error, WRONG)

    @cached_property
    def gates(self) -> tuple[ReviewedGate, ...]:
        """The result of every gate that decides about the change."""
        of_models = (
            ReviewedGate(model.model, manifest_path(model.model), gate)
            for model in self.models
            for gate in model.gates
        )
        of_places = (
            ReviewedGate(place.model, environment_path(place.name, place.model), gate)
            for place in self.environments
            for gate in place.gates
        )
        return (*of_models, *of_places)

    def gates_in(self, state: str) -> list[ReviewedGate]:
        """The results of gates in one state."""
        return [reviewed for reviewed in self.gates if reviewed.gate.state == state]

    @property
    def verdict(self) -> ReviewVerdict:
        """The worst of what was found."""
        codes = {finding.exit_code for _, finding in self.findings}
        if WRONG in codes:
            return "wrong"
        if self.gates_in("fail"):
            return "fail"
        if NOT_JUDGED in codes or self.gates_in("not judged"):
            return "not judged"
        return "open" if self.gates_in("open") else "pass"

    def exit_code(self, *, strict: bool = False) -> int:
        """0 if no gate fails; 8 if one does, or is open and the review `strict`; 5 wrong; 6 not judged."""
        codes = {"wrong": WRONG, "fail": FAILS, "not judged": NOT_JUDGED, "open": FAILS if strict else 0}
        return codes.get(self.verdict, 0)

    @property
    def is_empty(self) -> bool:
        """Whether the change has changed no record."""
        return not (self.models or self.environments or self.endpoints or self.policy)
