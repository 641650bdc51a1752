"""Where each version stands on the registry branch: promoted, retired, or neither.

Read from `environments/*/<model>.toml` and `models/<model>/retired.toml` of one commit, and kept in a small
file beside the tag index for as long as the branch stays at that commit, so that `list` need not open Git.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.git.refs_state import branch_tip
from regolo_git.git.small_files import replace_file
from regolo_git.records.config import RegistryConfig
from regolo_git.records.environment import Promotion
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.paths import CONFIG_PATH, retired_path
from regolo_git.records.retired import RetiredList
from regolo_git.records.tables import of_file
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle

READY, RETIRED, PROPOSED = "ready", "retired", "proposed"

ByModel = Mapping[str, Mapping[str, str]]  # model -> version identity -> status, or environment -> version


@dataclass(frozen=True, slots=True)
class Statuses:
    """Every status that is not "ready", as of commit `tip` of branch `branch`.

    `promotions` says for each model which version stands in which environment.
    """

    branch: str
    tip: str | None
    by_model: ByModel
    promotions: ByModel

    def of(self, model: str, identity: str) -> str:
        """The status of one version by its identity (`1.1.0`)."""
        return self.by_model.get(model, {}).get(identity, READY)


def read_statuses(handle: Handle) -> Statuses:
    """The statuses on the registry branch, from the cache while the branch has not moved."""
    cached = _load(_cache_path(handle))
    if cached is not None and cached.tip and branch_tip(handle.paths, cached.branch) == cached.tip:
        return cached
    statuses = _read(handle)
    _save(_cache_path(handle), statuses)
    return statuses


def _read(handle: Handle) -> Statuses:
    branch, tip = handle.registry_branch(), handle.registry_tip()
    by_model: dict[str, dict[str, str]] = {}
    promotions: dict[str, dict[str, str]] = {}
    if tip is None:
        return Statuses(branch, tip, by_model, promotions)
    for promotion in read_promotions(handle, tip):
        by_model.setdefault(promotion.model, {})[_identity(promotion.version)] = promotion.environment
        promotions.setdefault(promotion.model, {})[promotion.environment] = promotion.version
    for path, oid in handle.git.list_files(tip, "models"):
        if path.endswith("/retired.toml"):
            with of_file(path):
                retired = RetiredList.parse(handle.git.read_blob(oid))
            model = path.removeprefix("models/").removesuffix("/retired.toml")
            by_model.setdefault(model, {}).update({_identity(e.version): RETIRED for e in retired.entries})
    return Statuses(branch, tip, by_model, promotions)


def retired_versions(handle: Handle, model: str) -> set[str]:
    """The identities of a model's retired versions on the registry branch.  Raises IntegrityError."""
    tip = handle.registry_tip()
    text = handle.git.read_file(tip, retired_path(model)) if tip is not None else None
    return {_identity(entry.version) for entry in RetiredList.parse(text).entries} if text else set()


def read_promotions(handle: Handle, commit: str) -> list[Promotion]:
    """What is promoted where as of a commit, lowest environment first.

    Raises IntegrityError for a file on the branch that cannot be read.
    """
    promotions = [
        Promotion.parse(handle.git.read_blob(oid), path)
        for path, oid in handle.git.list_files(commit, "environments")
        if path.endswith(".toml")
    ]
    text = handle.git.read_file(commit, CONFIG_PATH)
    order = RegistryConfig.parse(text).environment_order() if text else ()
    rank = {name: index for index, name in enumerate(order)}
    return sorted(promotions, key=lambda p: (rank.get(p.environment, -1), p.environment, p.model))


def _identity(version: str) -> str:
    return Version.parse(version).identity


def _cache_path(handle: Handle) -> Path:
    return handle.local_directory / "statuses.json"


def _load(path: Path) -> Statuses | None:
    try:
        reader = JsonReader.parse(path.read_bytes(), "the cache of statuses")
        return Statuses(
            reader.get("branch", str),
            reader.get_optional("tip", str),
            _read_by_model(reader, "by_model"),
            _read_by_model(reader, "promotions"),
        )
    except (OSError, InvalidInput):
        return None  # only a shortcut: whatever is wrong with it, the branch is read instead


def _read_by_model(reader: JsonReader, key: str) -> ByModel:
    models = reader.object(key)
    return {str(model): models.dict_of(model, str) for model in models}


def _save(path: Path, statuses: Statuses) -> None:
    held = asdict(statuses)
    try:
        replace_file(path, json.dumps(held).encode())
    except (OSError, RegoloError):
        return  # a read-only clone lists all the same
