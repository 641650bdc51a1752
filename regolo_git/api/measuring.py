"""The methods of `Registry` for training code: logging a model with its metrics and parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.api.versions import VersionVerbs, lineage_with, texts
from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import Conflict
from regolo_git.records.manifest import Lineage
from regolo_git.registry.versions.create import model_exists
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import Bump, VersionRequest
from regolo_git.registry.versions.target_branch import Flow


@plain_arguments
class MeasuringVerbs(VersionVerbs):
    """Methods for what is measured of models."""

    def log_model(
        self,
        name: str,
        model_data: ArtifactSource,
        *,
        metrics: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        version: str | None = None,
        bump: Bump | None = None,
        message: str | None = None,
        lineage: Lineage | None = None,
        serving: Mapping[str, object] | None = None,
        flow: Flow = "auto",
        exclude: Sequence[str] = (),
        strict: bool = False,
    ) -> ModelVersion:
        """Registers a model with its first version, or adds a version if the model exists.

        The arguments are those of `create_model_version`; `bump` says nothing of a first version, which is
        1.0 unless `version` is given.  Raises what `create_model_version` does.
        """
        request = VersionRequest(
            model=name,
            source=model_data,
            new_model=False,
            version=version,
            bump=bump,
            metadata=metadata or {},
            metrics=self._metrics(metrics),
            description=description,
            message=message,
            lineage=lineage_with(lineage, params),
            serving=serving,
            flow=flow,
            exclude=texts(exclude),
            strict=strict,
        )
        if not model_exists(self.handle, name, flow):
            first = replace(request, new_model=True, version=version or "1.0", bump=None)
            try:
                return self._create(first).version
            except Conflict:
                if not model_exists(self.handle, name, flow):
                    raise
                # Another writer registered it in the meantime.
        return self._create(request).version
