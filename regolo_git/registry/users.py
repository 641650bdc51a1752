"""Who uses a version on the registry branch: environments it stands in, endpoints that serve it."""

from regolo_git.records.endpoint import Endpoint
from regolo_git.records.versions import Version
from regolo_git.registry.status import read_promotions
from regolo_git.repository.repository import Repository


def users_of(repository: Repository, tip: str | None, model: str, version: str) -> list[str]:
    """Each user as of a commit, in words: "environment 'production'", "endpoint 'sentiment'"."""
    if tip is None:
        return []
    wanted = Version.parse(version)
    environments = [
        f"environment '{promotion.environment}'"
        for promotion in read_promotions(repository, tip)
        if promotion.model == model and Version.parse(promotion.version) == wanted
    ]
    endpoints = [
        f"endpoint '{endpoint.endpoint}'"
        for endpoint in read_endpoints(repository, tip)
        if endpoint.model == model and any(Version.parse(name) == wanted for name in endpoint.versions)
    ]
    return environments + endpoints


def read_endpoints(repository: Repository, commit: str) -> list[Endpoint]:
    """The endpoints as of a commit, in the order of their names.  Raises IntegrityError for a broken file."""
    return [
        Endpoint.parse(repository.git.read_blob(oid), path)
        for path, oid in repository.git.list_files(commit, "endpoints")
        if path.endswith(".toml")
    ]
