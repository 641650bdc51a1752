"""The status of each version: promoted, retired, or neither.

Statuses are read from `models/<model>/retired.toml` of one commit of the registry branch and from
`environments/*/<model>.toml` and `endpoints/*.toml` of one commit of the operations branch, and cached in a
small file beside the tag index, so that `list` need not open Git.  The cache is valid only for these commits,
and only while the commits that determine the registry branch are unchanged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.refs_state import ORIGIN, branch_tip, head_commit, newest_known, ref_target
from regolo_git.git.small_files import keep_json
from regolo_git.hints import on_command_line
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints.deployed import Deployed, all_deployed
from regolo_git.registry.handle import DEFAULT_BRANCH, Handle
from regolo_git.system_calls import read_ordinary

READY, RETIRED, PROPOSED, UNMERGED = "ready", "retired", "proposed", "not merged"
UNCOMMITTED = "not committed"
KEYS_KEPT = 8  # of the work trees that share the cache, each at its own commit

ByModel = Mapping[str, Mapping[str, str]]  # model -> version identity -> status, or environment -> version


@dataclass(frozen=True, slots=True)
class Statuses:
    """Every status that is not "ready", as of commit `tip`.

    `branch` is the registry branch, `operations` the operations branch with its tips if it is another one, as
    `_operations_key` writes them, and `lines` the patterns of other branches that count.  `promotions` maps
    each model to the version promoted to each environment, lowest first, `held` to the Git object of its
    manifest, `deployed` to its endpoints; `labelled` are the models with labels.  `broken` has the errors of
    the unreadable records, which are not included in the statuses.
    """

    tip: str | None = None
    branch: str = DEFAULT_BRANCH
    operations: str | None = None
    lines: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    by_model: ByModel = field(default_factory=dict)
    promotions: ByModel = field(default_factory=dict)
    deployed: Mapping[str, tuple[Deployed, ...]] = field(default_factory=dict)
    labelled: tuple[str, ...] = ()
    broken: tuple[IntegrityError, ...] = ()

    def of(self, model: str, identity: str) -> str:
        """The status of one version by its identity (`1.1.0`)."""
        return self.by_model.get(model, {}).get(identity, READY)

    def environments_of(self, model: str) -> dict[str, tuple[str, ...]]:
        """The environments of each version of a model that is in one, by its identity, lowest first."""
        found: dict[str, tuple[str, ...]] = {}
        for environment, version in self.promotions.get(model, {}).items():
            identity = _identity(version)
            found[identity] = (*found.get(identity, ()), environment)
        return found

    def endpoints_of(self, model: str) -> dict[str, dict[str, float]]:
        """The endpoints of each version of a model that is at one, by its identity, with its share."""
        found: dict[str, dict[str, float]] = {}
        for endpoint in self.deployed.get(model, ()):
            for version, share in endpoint.traffic.items():
                found.setdefault(_identity(version), {})[endpoint.name] = share
        return found


@dataclass(frozen=True, slots=True)
class _Cache:
    """The statuses of one commit, and the registry branch by the commits that determine it."""

    branches: Mapping[str, str] = field(default_factory=dict)
    statuses: Statuses = field(default_factory=Statuses)


def read_statuses(handle: Handle) -> Statuses:
    """The statuses as of the present tips of both branches; a notice names each unreadable record.

    Raises NotFound if the repository is not a registry, IntegrityError for its configuration.
    """
    path = handle.local_directory / "statuses.json"
    cache, key = _load(path), _branch_key(handle.paths)
    branch = cache.branches.get(key)
    statuses = cache.statuses
    if branch is None or not _is_current(handle.paths, branch, statuses):
        branch = handle.registry_branch()
        if handle.registry_tip() != statuses.tip or not _is_current(handle.paths, branch, statuses):
            statuses = _read(handle)
        if _is_cacheable(handle) and handle.records().lacking is None:
            _save(path, _Cache({key: branch, **cache.branches}, statuses))
    handle.notice_broken(statuses.broken)
    return replace(statuses, branch=branch)


def _is_current(paths: RepositoryPaths, branch: str, statuses: Statuses) -> bool:
    if statuses.tip is None or newest_known(paths, branch) != statuses.tip:
        return False
    name = statuses.operations.split(" ", 1)[0] if statuses.operations is not None else None
    return name is None or _operations_key(paths, name) == statuses.operations


def _operations_key(paths: RepositoryPaths, branch: str) -> str:
    """The operations branch with the commits that determine its tip."""
    return f"{branch} {branch_tip(paths, branch)} {ref_target(paths, f'{ORIGIN}{branch}')}"


def _branch_key(paths: RepositoryPaths) -> str:
    """The commits whose configuration determines the registry branch."""
    return f"{head_commit(paths)} {branch_tip(paths, DEFAULT_BRANCH)}"


def _is_cacheable(handle: Handle) -> bool:
    """Whether one of these commits has a configuration; if not, any branch may become the registry branch."""
    commits = head_commit(handle.paths), branch_tip(handle.paths, DEFAULT_BRANCH)
    return any(handle.records_at(commit).config() is not None for commit in commits)


def _read(handle: Handle) -> Statuses:
    key = None
    if handle.operations_branch() != handle.registry_branch():
        key = _operations_key(handle.paths, handle.operations_branch())  # before the records are read
    records = handle.shown_records()
    promotions, retired, endpoints = records.promotions(), records.retired_lists(), records.endpoints()
    by_model: dict[str, dict[str, str]] = {}
    promoted: dict[str, dict[str, str]] = {}
    for promotion in promotions.records:
        by_model.setdefault(promotion.model, {})[_identity(promotion.version)] = promotion.environment
        promoted.setdefault(promotion.model, {})[promotion.environment] = promotion.version
    for model, listed in retired.by_name.items():
        by_model.setdefault(model, {}).update({_identity(e.version): RETIRED for e in listed.entries})
    deployed: dict[str, tuple[Deployed, ...]] = {}
    for found in all_deployed(endpoints.records, promotions.records):
        deployed[found.model] = (*deployed.get(found.model, ()), found)
    broken = *promotions.broken.values(), *retired.broken.values(), *endpoints.broken.values()
    config = records.config()
    return Statuses(
        tip=records.registry,
        operations=key,
        lines=config.lines if config is not None else (),
        held=records.manifest_oids(),
        by_model=by_model,
        promotions=promoted,
        deployed=deployed,
        labelled=tuple(records.labelled_models()),
        broken=broken,
    )


def _identity(version: str) -> str:
    return Version.parse(version).identity


def _load(path: Path) -> _Cache:
    try:
        reader = JsonReader.parse(read_ordinary(path), "the cache of statuses")
        broken = tuple(
            IntegrityError(error.get("message", str), error.get_optional("hint", str))
            for error in reader.objects("broken")
        )
        by_model, promotions = _read_by_model(reader, "by_model"), _read_by_model(reader, "promotions")
        statuses = Statuses(
            tip=reader.get("tip", str),
            operations=reader.get_optional("operations", str),
            lines=tuple(line.get("pattern", str) for line in reader.objects("lines")),
            held=reader.dict_of("held", str),
            by_model=by_model,
            promotions=promotions,
            deployed={
                model: tuple(map(_read_deployed, found)) for model, found in _lists(reader, "deployed")
            },
            labelled=tuple(reader.list_of("labelled", str)),
            broken=broken,
        )
        return _Cache(reader.dict_of("branches", str), statuses)
    except (OSError, InvalidInput):
        return _Cache()  # only a cache: if anything is wrong with it, the branch is read instead


def _read_by_model(reader: JsonReader, key: str) -> ByModel:
    models = reader.object(key)
    return {str(model): models.dict_of(model, str) for model in models}


def _lists(reader: JsonReader, key: str) -> Iterator[tuple[str, Iterator[JsonReader]]]:
    models = reader.object(key)
    return ((str(model), models.objects(model)) for model in models)


def _read_deployed(reader: JsonReader) -> Deployed:
    return Deployed(
        name=reader.get("name", str),
        model=reader.get("model", str),
        environment=reader.get_optional("environment", str),
        promoted=reader.get_optional("promoted", str),
        traffic=reader.dict_of("traffic", float),
        agrees=reader.get("agrees", bool),
        rolled_back_from=reader.get_optional("rolled_back_from", str),
    )


def _save(path: Path, cache: _Cache) -> None:
    statuses = cache.statuses
    cached = {
        "branches": dict(list(cache.branches.items())[:KEYS_KEPT]),
        "tip": statuses.tip,
        "operations": statuses.operations,
        "lines": [{"pattern": line} for line in statuses.lines],
        "held": statuses.held,
        "by_model": statuses.by_model,
        "promotions": statuses.promotions,
        "deployed": {
            model: [found._asdict() for found in deployed] for model, deployed in statuses.deployed.items()
        },
        "labelled": statuses.labelled,
        "broken": [{"message": e.message, "hint": on_command_line(e.hint)} for e in statuses.broken],
    }
    keep_json(path, cached)
