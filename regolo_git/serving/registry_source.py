"""What an engine needs to know of a registry: where the branch is, what it says, and the bytes it names."""

from collections.abc import Mapping
from pathlib import Path

from regolo_git.errors import NotFound
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.registry.users import read_endpoints
from regolo_git.repository.materialize import materialize
from regolo_git.repository.repository import Repository
from regolo_git.serving.desired import ModelFiles


class RegistrySource:
    """The desired state of a registry's endpoints, read from its registry branch at each commit."""

    def __init__(self, repository: Repository, directory: Path) -> None:
        """`directory` is where artifacts are brought to, one directory for each digest."""
        self._repository = repository
        self._directory = directory

    def head(self) -> str:
        """The commit that the registry branch is at.  Raises NotFound where there is no registry."""
        tip = self._repository.registry_tip()
        if tip is None:
            raise NotFound("the registry branch has no commit", "git regolo init")
        return tip

    def endpoints(self, commit: str) -> Mapping[str, Endpoint]:
        """Every endpoint as of a commit.  Raises IntegrityError, naming the file, for one that is broken."""
        return {endpoint.endpoint: endpoint for endpoint in read_endpoints(self._repository, commit)}

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """Brings a pinned version's bytes to a place of their own, verified against the pinned digest.

        Raises NotFound where the commit or bytes are missing, IntegrityError where they are not what the
        endpoint pinned.
        """
        manifest = self._manifest(model, pinned)
        name = Path(manifest.artifact.path or "artifact").name
        place = self._directory / pinned.digest.hex / name
        repository = self._repository
        materialize(repository.store, manifest.artifact.recipe, pinned.digest, place, cache=repository.cache)
        return ModelFiles(place, manifest.serving, pinned.digest)

    def _manifest(self, model: str, pinned: PinnedVersion) -> Manifest:
        text = self._repository.git.read_file(pinned.commit, manifest_path(model))
        if text is None:
            raise NotFound(f"commit '{pinned.commit}' has no manifest of '{model}'", "git fetch --tags")
        return Manifest.parse(text)
