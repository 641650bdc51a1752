"""Who uses a version on the registry branch: environments it stands in, endpoints that serve it."""

from regolo_git.records.endpoint import Endpoint
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.status import read_promotions


def users_of(handle: Handle, tip: str | None, model: str, version: str) -> list[str]:
    """Each user as of a commit, in words: "environment 'production'", "endpoint 'sentiment'"."""
    if tip is None:
        return []
    wanted = Version.parse(version)
    environments = [
        f"environment '{promotion.environment}'"
        for promotion in read_promotions(handle, tip)
        if promotion.model == model and Version.parse(promotion.version) == wanted
    ]
    endpoints = [
        f"endpoint '{endpoint.endpoint}'"
        for endpoint in read_endpoints(handle, tip)
        if endpoint.model == model and any(Version.parse(name) == wanted for name in endpoint.versions)
    ]
    return environments + endpoints


def read_endpoints(handle: Handle, commit: str) -> list[Endpoint]:
    """The endpoints as of a commit, in the order of their names.  Raises IntegrityError for a broken file."""
    return [
        Endpoint.parse(handle.git.read_blob(oid), path)
        for path, oid in handle.git.list_files(commit, "endpoints")
        if path.endswith(".toml")
    ]
