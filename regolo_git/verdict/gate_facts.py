"""What gates are applied to, and the rules: plain values that a caller has read before."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from regolo_git.records.gates import EnvironmentGates, Scan
from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.model_card import ModelCard
from regolo_git.records.references import version_reference
from regolo_git.verdict.gate_result import GateState


@dataclass(frozen=True, slots=True)
class Rules:
    """The model card with its gates, and the gates of the environments that are asked, by their names.

    `signers` is the list of those who may sign, where an environment requires a signature and there is one.
    """

    card: ModelCard
    environments: Mapping[str, EnvironmentGates] = field(default_factory=dict)
    signers: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about a signature or about pickles: the state that follows, and the reason."""

    state: GateState
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a version is judged by.

    `metadata` has the values of metrics at their places, too.  `signed` and `scan` are None where nobody
    looked; `scan` has a finding for each of the two rules.
    """

    model: str
    version: str
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    signed: Finding | None = None
    scan: Mapping[Scan, Finding] | None = None

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)
