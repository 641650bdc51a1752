"""The request for a new version."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Self, cast, get_args

from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import InvalidInput
from regolo_git.records.commit_message import with_git_line_ends
from regolo_git.records.manifest import Lineage, Manifest, check_values
from regolo_git.records.measurement import as_measurements
from regolo_git.records.metadata import normalize_metadata
from regolo_git.records.model_card import new_card_text
from regolo_git.records.names import check_message, check_text
from regolo_git.records.serving_block import ServingBlock
from regolo_git.records.toml_text import Table
from regolo_git.records.versions import Version, check_tag_name, tag_name
from regolo_git.registry.versions.carried import Given
from regolo_git.registry.versions.measured import divided
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.target_branch import Flow

Bump = Literal["major", "minor", "patch"]
TEXTS = ("version", "parent", "description", "model_description", "message", "author")


@dataclass(frozen=True, slots=True)
class VersionRequest:
    """The request for a new version: `version` or `bump`, by default the next minor version.

    A `source` that is a version supplies its stored bytes and, unless `inherit` is False, every value that is
    not given; other bytes take over what still holds of the parent's values.  `parent` is a version, an
    environment or "latest"; by default it is found (`parent.py`).  Without `metrics`, the numbers of
    `metadata` are the metrics.  `author` ("Name <address>") and `when` (with a time zone) are for imported
    versions; the defaults are Git's identity and the current time.  The patterns `exclude` leave out files of
    a directory.
    `strict` refuses an artifact that says itself that it is incomplete.  Without a `version`, `once` raises
    AlreadyThere for what says the same as the version on the branch or a proposal (`once.py`), and gives a
    proposal a free number.
    """

    model: str
    source: ArtifactSource | ModelVersion
    new_model: bool
    version: str | None = None
    bump: Bump | None = None
    parent: str | None = None
    inherit: bool = True
    metadata: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, object] | None = None
    description: str | None = None
    model_description: str | None = None
    message: str | None = None
    lineage: Lineage | None = None
    serving: Mapping[str, object] | None = None
    flow: Flow = "auto"
    exclude: tuple[str, ...] = ()
    strict: bool = False
    once: bool = False
    author: str | None = None
    when: datetime | None = None

    def __post_init__(self) -> None:
        """Raises TypeError for a value of the wrong type, InvalidInput for an unknown bump or flow."""
        object.__setattr__(self, "model", check_text("the name of a model", self.model))
        for what in TEXTS:
            value = getattr(self, what)
            if value is not None:
                object.__setattr__(self, what, check_text(f"'{what}'", value))
        if self.message is not None:
            object.__setattr__(self, "message", with_git_line_ends(check_message(self.message)))
        if self.bump is not None and self.bump not in get_args(Bump):
            raise InvalidInput(f"'{self.bump}' is not a version part", f"one of {', '.join(get_args(Bump))}")
        if self.flow not in get_args(Flow):
            raise InvalidInput(f"'{self.flow}' is not a flow", f"one of {', '.join(get_args(Flow))}")
        if self.version is not None and self.bump is not None:
            raise InvalidInput("version and bump cannot be used together")
        for pattern in self.exclude:
            check_text("a pattern", pattern)
        if self.exclude and isinstance(self.source, ModelVersion):
            raise InvalidInput("patterns leave out files of a directory, not of a version that exists")
        if self.lineage is not None and not isinstance(self.lineage, Lineage):
            raise TypeError(f"lineage must be a regolo_git.Lineage, not {self.lineage!r}")

    def given(self) -> tuple[Given, Table | None]:
        """The values that describe the version, as plain sorted values, and its serving block.

        Raises InvalidInput, naming the key, for what no manifest can hold, and for a name that is in both
        metadata and metrics; TypeError.
        """
        metadata = normalize_metadata(self.metadata)
        metrics = as_measurements(self.metrics) if self.metrics is not None else None
        lineage = self.lineage
        if lineage is not None:
            lineage = replace(lineage, parameters=cast(Table, normalize_metadata(lineage.parameters)))
        serving = ServingBlock.parse(self.serving).to_mapping() if self.serving is not None else None
        check_values(self.description, metadata, metrics or {}, lineage, serving)
        divided(metadata, metrics, ())
        return Given(metadata, metrics, self.description, lineage), serving

    def requested_version(self) -> Version | None:
        """The requested number, if any.  Raises InvalidInput, also for a card that nobody could read."""
        if self.model_description is not None:
            new_card_text(description=self.model_description, zero_patch=False)
        if self.version is None:
            return None
        version = Version.parse(self.version)
        check_tag_name(tag_name(self.model, version.identity))
        return version

    def inheriting(self, manifest: Manifest) -> Self:
        """The request with what is not given copied from a version; for metadata, `carried.py` does it."""
        return replace(
            self,
            description=self.description or manifest.description,
            lineage=self.lineage or manifest.lineage,
            serving=self.serving if self.serving is not None else manifest.serving,
        )
