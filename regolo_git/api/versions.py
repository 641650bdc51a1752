"""Models and their versions, as methods of `Registry`.

Results are frozen values.  Errors are subclasses of `RegoloError`; what is worth knowing about a call that
worked comes as a `RegoloNotice` warning.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.records.manifest import Lineage
from regolo_git.records.names import check_text
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version, list_versions
from regolo_git.registry.models import Model, ModelSummary, read_model, summarise_models
from regolo_git.registry.notices import warn
from regolo_git.registry.versions.checkout import checkout_version
from regolo_git.registry.versions.create import CreatedVersion, create_version
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import Bump, VersionRequest
from regolo_git.registry.versions.retire import plan_retirement, retire
from regolo_git.registry.versions.revert import revert_model
from regolo_git.registry.versions.target_branch import Flow
from regolo_git.review.comparison import Comparison
from regolo_git.review.versions import compare_versions

PathLike = str | Path


class VersionVerbs:
    """The verbs of models and versions."""

    handle: Handle

    def register_model(
        self,
        name: str,
        model_data: ArtifactSource,
        version: str = "1.0",
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        *,
        version_description: str | None = None,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
    ) -> Model:
        """Makes a model with its first version.

        `model_data` is a path to a file or directory, bytes, a binary file, or a mapping of names to arrays
        (stored as safetensors); `metadata` is any nesting of text, numbers, booleans, times and lists, and
        its numbers are the metrics; `description` is of the model.  Raises Conflict where the model exists,
        InvalidInput, TypeError for any other `model_data`.
        """
        self._create(
            VersionRequest(
                model=name,
                source=model_data,
                new_model=True,
                version=version,
                metadata=metadata or {},
                description=version_description,
                model_description=description,
                message=message,
                lineage=lineage,
                serving=serving,
                flow=flow,
            )
        )
        return read_model(self.handle, name)

    def create_model_version(
        self,
        model_id: str,
        version: str | None = None,
        *,
        model_data: ArtifactSource | ModelVersion,
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        bump: Bump | None = None,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
    ) -> ModelVersion:
        """Makes a version of a model that exists; without `version` the next one (`bump`: minor).

        `model_data` may be a version, such as `get_model_version("m", "1.0")` for a version named `prod-1.0`:
        the new one has its bytes, which are not moved, and its words where none are given.
        `flow` is "direct" (commit and tag at once), "propose" (a branch for review, no tag) or "auto":
        direct on the registry branch, a commit without a tag on any other.  Raises NotFound, VersionExists,
        InvalidInput, Conflict, TypeError.
        """
        request = VersionRequest(
            model=model_id,
            source=model_data,
            new_model=False,
            version=version,
            bump=bump,
            metadata=metadata or {},
            description=description,
            message=message,
            lineage=lineage,
            serving=serving,
            flow=flow,
        )
        return self._create(request).version

    def _create(self, request: VersionRequest) -> CreatedVersion:
        same: list[str] = []
        created = create_version(self.handle, request, on_same_content=same.append)
        repeated = [f"'{created.version.reference}' has the same bytes as version '{name}'" for name in same]
        for notice in (*repeated, *created.notices):
            warn(notice)
        return created

    def get_model_version(self, model_id: str, version: str = "latest") -> ModelVersion:
        """One version: by its number or name, "latest", or the environment it is promoted to."""
        return get_version(self.handle, reference_to(model_id, version))

    def list_model_versions(self, model_id: str) -> list[ModelVersion]:
        """The versions of a model, lowest first.  Raises NotFound."""
        return list_versions(self.handle, model_id)

    def get_model(self, name: str) -> Model:
        """A model with its card and versions.  Raises NotFound."""
        return read_model(self.handle, name)

    def list_models(self) -> list[ModelSummary]:
        """Every model that has a version, in the order of the names."""
        return summarise_models(self.handle)

    def compare_model_versions(self, model_id: str, version_a: str, version_b: str) -> Comparison:
        """What changed from one version to another: metrics, metadata, files, tensors, size."""
        a, b = (reference_to(model_id, version) for version in (version_a, version_b))
        return compare_versions(self.handle, a, b)

    def checkout_model_version(
        self,
        model_id: str,
        version: str = "latest",
        destination: PathLike | None = None,
        *,
        patterns: Sequence[str] = (),
        force: bool = False,
    ) -> Path:
        """Brings a version's bytes to its recorded path, or to `destination`; returns where they lie.

        Every chunk is verified before a byte is seen.  Raises NotFound, Conflict where a file with content
        that no version has would be overwritten (unless `force`), IntegrityError.
        """
        done = checkout_version(
            self.handle,
            reference_to(model_id, version),
            Path(destination) if destination is not None else None,
            # A lone pattern is a sequence too: of its letters.
            patterns=(patterns,) if isinstance(patterns, str) else patterns,
            force=force,
        )
        return done.path

    def rollback_model(self, model_id: str, to_version: str, *, message: str | None = None) -> ModelVersion:
        """Commits an older version as the branch's version again; no tag is made, none moves."""
        return revert_model(self.handle, reference_to(model_id, to_version), message)

    def retire_model_version(self, model_id: str, version: str, *, reason: str) -> None:
        """Retires a version: its tag and history stay, its bytes are no longer kept.

        Raises PolicyRefused while an environment or an endpoint uses it, InvalidInput without a reason.
        """
        parsed = Version.parse(check_text("a version", version))
        reference = Reference.of(check_text("the name of a model", model_id), parsed)
        retire(self.handle, plan_retirement(self.handle, reference, check_text("the reason", reason)))

    delete_model_version = retire_model_version


def reference_to(model_id: str, version: str) -> Reference:
    model, selector = check_text("the name of a model", model_id), check_text("a version", version)
    return Reference.select(model, selector)
