"""The files of the checked-out commit, checked out together: all that can be, with the errors of the rest."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.errors import RegoloError, TransportError
from regolo_git.records.manifest import Manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.checkout import CheckedOut, checkout_manifest, head_records
from regolo_git.text.json_values import Plain

NONE: Mapping[str, Manifest] = MappingProxyType({})


class CheckedOutFiles(NamedTuple):
    """The versions whose files were checked out, and why others could not be."""

    checked_out: tuple[CheckedOut, ...] = ()
    failed: tuple[RegoloError, ...] = ()

    def to_dict(self) -> Plain:
        """The places that were written, and the errors of the others, as plain values."""
        return {
            "checked_out": [item.to_dict() for item in self.checked_out],
            "failed": [error.message for error in self.failed],
        }

    @property
    def lack_a_store(self) -> bool:
        """Whether a store could not be reached for some."""
        return any(isinstance(error, TransportError) for error in self.failed)


def placed_manifests(handle: Handle, commit: str | None = None) -> dict[str, Manifest]:
    """The manifests at a commit (default: HEAD) whose files have a place in the work tree, by model."""
    if handle.paths.work_tree is None or handle.git.head_commit() is None:
        return {}
    records = head_records(handle) if commit is None else handle.records_at(commit)
    manifests = handle.readable(records.manifests())
    return {manifest.model: manifest for manifest in manifests if manifest.artifact.path is not None}


def check_out_all(
    handle: Handle,
    manifests: Sequence[Manifest],
    on_progress: OnProgress = ignore_progress,
    *,
    before: Mapping[str, Manifest] = NONE,
    on_fetch: OnProgress = ignore_progress,
) -> CheckedOutFiles:
    """Checks out the files of manifests at their recorded paths; `on_fetch` counts what each one fetches.

    `before` has the versions, by model, whose files are known to be there.
    """
    done: list[CheckedOut] = []
    failed: list[RegoloError] = []
    progress = Progress(total=sum(manifest.artifact.size for manifest in manifests))
    for manifest in manifests:
        try:
            tell = following(progress, on_progress)
            old = before.get(manifest.model)
            done.append(
                checkout_manifest(handle, manifest, None, before=old, on_fetch=on_fetch, on_progress=tell)
            )
        except RegoloError as error:
            failed.append(error)
        progress = progress.advanced(manifest.artifact.size)
    return CheckedOutFiles(tuple(done), tuple(failed))


def of_models(manifests: Mapping[str, Manifest], models: Collection[str]) -> list[Manifest]:
    """The manifests of some models; of all without any."""
    return [manifest for model, manifest in manifests.items() if not models or model in models]
