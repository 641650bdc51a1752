"""The types in a version's skops file that a server refuses to build, said when an endpoint is created.

Otherwise the operator learns of them only when the server starts: tree ensembles are among the usual models
whose types skops does not trust.
"""

import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from zipfile import BadZipFile

from regolo_git.errors import RegoloError
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.references import Reference
from regolo_git.records.serving_block import ServingBlock, implied_by
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.serving.policy import Policy, trusted_line
from regolo_git.serving.policy_file import default_policy
from regolo_git.serving.registry_source import RegistrySource

SKOPS = "skops"


def untrusted_types_notices(handle: Handle, endpoint: Endpoint, environ: Mapping[str, str]) -> list[str]:
    """A notice for each version whose types the policy in the default place does not name."""
    policy = default_policy(handle.paths.top, environ)
    notices = (
        _notice(handle, endpoint.model, version, pinned, policy)
        for version, pinned in endpoint.versions.items()
    )
    return [notice for notice in notices if notice is not None]


def _notice(handle: Handle, model: str, version: str, pinned: PinnedVersion, policy: Policy) -> str | None:
    reference = str(Reference.of(model, Version.parse(version)))
    if reference in policy.backends or not _is_skops(handle, model, pinned):
        return None
    found = _types(handle, model, pinned)
    if found is None:
        return f"'{reference}' is a skops file, and may hold types that a server's policy has to name"
    unknown = sorted(found - set(policy.trusted_types(model)))
    if not unknown:
        return None
    return f"'{reference}' can be served only under a policy with the line\n  {trusted_line(unknown)}"


def _is_skops(handle: Handle, model: str, pinned: PinnedVersion) -> bool:
    manifest = handle.records_at(pinned.commit).manifest(model)
    if manifest is None:
        return False
    try:
        if manifest.serving is not None:
            return ServingBlock.parse(manifest.serving).format == SKOPS
    except RegoloError:
        return False
    implied = implied_by(manifest.artifact.file_name or "")
    return implied is not None and implied.format == SKOPS


def _types(handle: Handle, model: str, pinned: PinnedVersion) -> set[str] | None:
    """The untrusted types; None if they cannot be known here, for want of skops or of a whole file."""
    try:
        skops = import_module("skops.io")
    except ImportError:
        return None
    with tempfile.TemporaryDirectory(prefix="regolo-") as directory:
        try:
            path = RegistrySource(lambda: handle, Path(directory)).fetch(model, pinned).path
            files = [path] if path.is_file() else sorted(path.rglob(f"*.{SKOPS}"))
            return {name for file in files for name in skops.get_untrusted_types(file=file)}
        except (RegoloError, BadZipFile, KeyError, ValueError, OSError):
            return None
