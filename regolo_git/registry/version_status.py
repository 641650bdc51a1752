"""The status of each version on the registry branch: promoted, retired, or neither.

Read from `environments/*/<model>.toml` and `models/<model>/retired.toml` of one commit, and kept in a small
file beside the tag index, so that `list` need not open Git.  The file answers for nothing but the commit that
it was read from, and only while the commits that decide which branch is the registry branch are the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.errors import IntegrityError, InvalidInput, RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.refs_state import branch_tip, head_commit, newest_known
from regolo_git.git.small_files import replace_file
from regolo_git.hints import on_command_line
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.versions import Version
from regolo_git.registry.handle import DEFAULT_BRANCH, Handle
from regolo_git.registry.records_at import RecordsAt

READY, RETIRED, PROPOSED = "ready", "retired", "proposed"
STANDINGS_KEPT = 8  # of work trees that share the cache, each with a commit of its own

ByModel = Mapping[str, Mapping[str, str]]  # model -> version identity -> status, or environment -> version


@dataclass(frozen=True, slots=True)
class Statuses:
    """Every status that is not "ready", as of commit `tip`.

    `promotions` is for each model the version that is promoted to each environment; `broken` are the records
    that could not be read, and say nothing here.
    """

    tip: str | None = None
    by_model: ByModel = field(default_factory=dict)
    promotions: ByModel = field(default_factory=dict)
    broken: tuple[IntegrityError, ...] = ()

    def of(self, model: str, identity: str) -> str:
        """The status of one version by its identity (`1.1.0`)."""
        return self.by_model.get(model, {}).get(identity, READY)


@dataclass(frozen=True, slots=True)
class _Cache:
    """The statuses of one commit, and the registry branch by the commits that decide which one it is."""

    branches: Mapping[str, str] = field(default_factory=dict)
    statuses: Statuses = field(default_factory=Statuses)


def read_statuses(handle: Handle) -> Statuses:
    """The statuses on the registry branch; a notice names each record that cannot be read.

    Raises NotFound where the repository is no registry, IntegrityError for its configuration.
    """
    path = handle.local_directory / "statuses.json"
    cache, standing = _load(path), _standing(handle.paths)
    branch = cache.branches.get(standing)
    statuses = cache.statuses
    if branch is None or statuses.tip is None or newest_known(handle.paths, branch) != statuses.tip:
        branch = handle.registry_branch()
        tip = newest_known(handle.paths, branch)
        if tip is None or tip != statuses.tip:
            statuses = _read(handle.records_at(tip))
        if _decides(handle):
            _save(path, _Cache({standing: branch, **cache.branches}, statuses))
    handle.name_broken(statuses.broken)
    return statuses


def _standing(paths: RepositoryPaths) -> str:
    """The commits whose configuration says which branch is the registry branch."""
    return f"{head_commit(paths)} {branch_tip(paths, DEFAULT_BRANCH)}"


def _decides(handle: Handle) -> bool:
    """Whether one of these commits has a configuration.  Otherwise any branch may be the one, at any time."""
    commits = head_commit(handle.paths), branch_tip(handle.paths, DEFAULT_BRANCH)
    return any(handle.records_at(commit).config() is not None for commit in commits)


def _read(records: RecordsAt) -> Statuses:
    promotions, retired = records.promotions(), records.retired_lists()
    by_model: dict[str, dict[str, str]] = {}
    promoted: dict[str, dict[str, str]] = {}
    for promotion in promotions.records:
        by_model.setdefault(promotion.model, {})[_identity(promotion.version)] = promotion.environment
        promoted.setdefault(promotion.model, {})[promotion.environment] = promotion.version
    for model, listed in retired.by_name.items():
        by_model.setdefault(model, {}).update({_identity(e.version): RETIRED for e in listed.entries})
    broken = *promotions.broken.values(), *retired.broken.values()
    return Statuses(records.registry, by_model, promoted, broken)


def _identity(version: str) -> str:
    return Version.parse(version).identity


def _load(path: Path) -> _Cache:
    try:
        reader = JsonReader.parse(path.read_bytes(), "the cache of statuses")
        broken = tuple(
            IntegrityError(error.get("message", str), error.get_optional("hint", str))
            for error in reader.objects("broken")
        )
        by_model, promotions = _read_by_model(reader, "by_model"), _read_by_model(reader, "promotions")
        statuses = Statuses(reader.get("tip", str), by_model, promotions, broken)
        return _Cache(reader.dict_of("branches", str), statuses)
    except (OSError, InvalidInput):
        return _Cache()  # only a shortcut: whatever is wrong with it, the branch is read instead


def _read_by_model(reader: JsonReader, key: str) -> ByModel:
    models = reader.object(key)
    return {str(model): models.dict_of(model, str) for model in models}


def _save(path: Path, cache: _Cache) -> None:
    statuses = cache.statuses
    held = {
        "branches": dict(list(cache.branches.items())[:STANDINGS_KEPT]),
        "tip": statuses.tip,
        "by_model": statuses.by_model,
        "promotions": statuses.promotions,
        "broken": [{"message": e.message, "hint": on_command_line(e.hint)} for e in statuses.broken],
    }
    try:
        replace_file(path, json.dumps(held).encode())
    except (OSError, RegoloError):
        return  # a read-only clone lists all the same
