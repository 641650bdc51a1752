"""How one version of an endpoint is served: by our own workers, or by the operator's servers."""

from dataclasses import dataclass

from regolo_git.records.endpoint import PinnedVersion
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.serving.local.supervisor.artifact_fetcher import ArtifactFetcher
from regolo_git.serving.local.worker_orders import WorkerSpec, serving_block
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.policy import ExternalServer, Policy


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """Served by workers: their spec, and the files that they load."""

    spec: WorkerSpec
    files: ModelFiles
    replicas: int

    @property
    def key(self) -> str:
        """Identifies the replica set: the content and how it is loaded."""
        return self.spec.key

    @property
    def idempotent(self) -> bool:
        """Whether a request may be sent twice."""
        return self.spec.idempotent


@dataclass(frozen=True, slots=True)
class ExternalPlan:
    """Served by the operator's own servers."""

    key: str
    server: ExternalServer

    @property
    def replicas(self) -> int:
        """The number of servers that the operator named."""
        return len(self.server.urls)

    @property
    def idempotent(self) -> bool:
        """Whether a request may be sent twice."""
        return self.server.idempotent


VersionPlan = WorkerPlan | ExternalPlan


async def plan_version(
    model: str, version: str, pinned: PinnedVersion, artifacts: ArtifactFetcher, policy: Policy
) -> VersionPlan:
    """Decides how a version is served, and fetches its files if workers need them.

    Raises PolicyRefused, InvalidInput for a version that does not say how it is loaded, and the errors of
    `Source.fetch`.
    """
    reference = Reference.of(model, Version.parse(version))
    server = policy.backends.get(str(reference))
    if server is not None:
        return ExternalPlan(str(reference), server)
    files = await artifacts.fetch(model, pinned)
    block = serving_block(files, reference)
    return WorkerPlan(WorkerSpec.of(model, files, block, policy.permit(model, block)), files, pinned.replicas)
