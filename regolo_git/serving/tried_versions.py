"""A `Source` of versions that are served for a try: endpoints that no record has and no commit changes."""

from collections.abc import Collection, Sequence

from regolo_git.errors import InvalidInput, PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import LOCAL, Endpoint, PinnedVersion
from regolo_git.records.references import Reference, version_reference
from regolo_git.records.serving_block import ServingBlock, implied_by
from regolo_git.registry.endpoints.traffic import pin, servable
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import Listing
from regolo_git.serving.desired import EndpointChanges, Source
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.policy import Policy
from regolo_git.serving.unloadable import SERVING_FILE, problem_of


class TriedVersions:
    """Endpoints that were made up, over the source that has the files of versions."""

    def __init__(self, source: Source, endpoints: Sequence[Endpoint]) -> None:
        self._source = source
        self._listing = Listing({endpoint.endpoint: endpoint for endpoint in endpoints})

    def head(self) -> str:
        """A commit of one of the versions: the desired state never changes."""
        first = self._listing.records[0]
        return next(iter(first.versions.values())).commit

    def endpoints(self, commit: str) -> Listing[Endpoint]:  # noqa: ARG002 - there is one state
        """The endpoints that were made up."""
        return self._listing

    def changes(self, endpoint: str, commit: str, most: int) -> EndpointChanges:  # noqa: ARG002 - no commit changes it
        """No changes: what is tried has no record."""
        return EndpointChanges()

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """The files of a version, as the source has them."""
        return self._source.fetch(model, pinned)

    def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes what the source has fetched for other versions."""
        self._source.keep_only(digests)


def tried_endpoints(handle: Handle, references: Sequence[Reference]) -> list[Endpoint]:
    """An endpoint with all traffic on each version, named by the last part of its model's name.

    Raises NotFound, also for missing bytes, PolicyRefused for a retired version, InvalidInput for two
    versions of one name.
    """
    found: dict[str, Endpoint] = {}
    for reference in references:
        version = servable(handle, reference)
        name = version.model_id.rpartition("/")[2]
        if name in found:
            raise InvalidInput(
                f"'{version.reference}' and another version would both be served as '{name}'",
                "serve one of them, or create an endpoint with both: git regolo endpoint create -h",
            )
        pinned = {version.version: pin(version, 1)}
        traffic = {version.version: 1.0}
        found[name] = Endpoint(name, version.model_id, None, LOCAL, traffic, pinned)
    return list(found.values())


def check_tried(handle: Handle, endpoint: Endpoint, policy: Policy) -> None:
    """Checks that the version of such an endpoint can be loaded, so that nobody waits for one that cannot.

    Raises InvalidInput for one that does not say how, PolicyRefused for one that the operator does not allow.
    """
    ((version, pinned),) = endpoint.versions.items()
    reference = version_reference(endpoint.model, version)
    manifest = handle.records_at(pinned.commit).manifest(endpoint.model)
    if manifest is None or reference in policy.backends:
        return
    problem = problem_of(manifest)
    if problem is not None:
        again = Hint("commit", endpoint.model, "--from", version, "--serving", SERVING_FILE, "--yes")
        raise InvalidInput(f"'{reference}' cannot be served: {problem}, then create a version with it", again)
    block = ServingBlock.parse(manifest.serving) if manifest.serving is not None else None
    block = block or implied_by(manifest.artifact.file_name or "")
    try:
        if block is not None:
            policy.permit(endpoint.model, block)
    except PolicyRefused as error:
        hint = error.hint
        if isinstance(hint, Hint):
            hint = Hint(hint.command, reference, *hint.arguments)
        raise PolicyRefused(error.message, hint) from error
