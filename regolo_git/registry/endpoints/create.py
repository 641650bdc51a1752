"""Creating an endpoint with all of its traffic on one version."""

from regolo_git.errors import Conflict
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.endpoint import LOCAL, Endpoint, check_engine
from regolo_git.records.names import check_endpoint_name, check_environment_name
from regolo_git.records.pins import check_replicas
from regolo_git.records.references import Reference
from regolo_git.records.routing import Routing
from regolo_git.records.versions import Version
from regolo_git.registry.change import commit_operations
from regolo_git.registry.endpoints.deployed import notice_difference
from regolo_git.registry.endpoints.traffic import endpoint_commit, pin, servable
from regolo_git.registry.environments.declared import TABLE
from regolo_git.registry.environments.permission import environment_rule, may_declare
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion


def create_endpoint(
    handle: Handle,
    name: str,
    reference: Reference,
    *,
    environment: str | None = None,
    replicas: int | None = None,
    engine: str = LOCAL,
    routing: Routing | None = None,
    message: str | None = None,
    unmerged: bool = False,
    push: bool | None = None,
) -> Endpoint:
    """Creates an endpoint that sends all traffic to one version.

    An endpoint bound to an environment follows its promotions and takes its replica count; a reference that
    names only the model then means the version that is promoted there, if any.  Raises Conflict if the
    endpoint exists, InvalidInput, NotFound, PolicyRefused for a version that is retired or, without
    `unmerged`, not merged.  `push`: see `destination`.
    """
    check_endpoint_name(name)
    check_engine(engine)

    def prepare(records: RecordsAt) -> NewCommit[Endpoint]:
        version = servable(handle, _meant(records, reference, environment))
        if not unmerged:
            require_merged(handle, version, Hint("endpoint create", name, version.reference, "--unmerged"))
        count = _replicas(handle, records, name, version, environment, replicas)
        if name in records.endpoint_names():
            raise Conflict(
                f"endpoint '{name}' already exists", Hint("traffic", name, f"{version.version}=100")
            )
        endpoint = Endpoint(
            endpoint=name,
            model=version.model_id,
            environment=environment,
            engine=engine,
            traffic={version.version: 1.0},
            versions={version.version: pin(version, count)},
            routing=routing or Routing(),
        )
        default = f"create endpoint {name} on {version.reference}"
        return endpoint_commit(endpoint, message, default, "create-endpoint", None)

    created = commit_operations(handle, prepare, destination(handle, push, reference.model)).made
    notice_difference(handle, created)
    return created


def _meant(records: RecordsAt, reference: Reference, environment: str | None) -> Reference:
    """The version of the environment that the endpoint is to follow, unless the reference names one."""
    if environment is None or not reference.is_bare:
        return reference
    promotion = records.promotion(check_environment_name(environment), reference.model)
    return (
        Reference.of(reference.model, Version.parse(promotion.version))
        if promotion is not None
        else reference
    )


def _replicas(
    handle: Handle,
    records: RecordsAt,
    name: str,
    version: ModelVersion,
    environment: str | None,
    replicas: int | None,
) -> int:
    """The replicas of the environment's promotion, else of its rule, else the requested number."""
    requested = check_replicas(replicas if replicas is not None else 1)
    if environment is None:
        return requested

    def hint_for(meant: str | None) -> Hint:
        if meant is not None:
            return Hint("endpoint create", name, version.reference, "--environment", meant)
        if not may_declare(handle):
            return Hint("config", f"{TABLE}.{environment}.replicas", "1")
        return Hint("promote", version.reference, environment, "--yes")

    rule = environment_rule(handle, environment, hint_for)
    promotion = records.promotion(environment, version.model_id)
    if promotion is not None:
        return promotion.replicas
    return rule.replicas if rule is not None and rule.replicas is not None else requested
