"""The registry configuration `.regolo/config.toml`: edited by people, so this module only reads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.branches import is_branch_name
from regolo_git.records.digests import ALGORITHMS, Algorithm
from regolo_git.records.names import check_environment_name
from regolo_git.records.pins import check_replicas
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document

if TYPE_CHECKING:
    from regolo_git.records.gates import EnvironmentGates

StoreWrite = Literal["push", "through"]
FORMAT = 1
WHAT = "the registry's configuration"
WRITES: tuple[StoreWrite, ...] = ("push", "through")
PUSH_SETTING = "regolo.push"  # in git's configuration
PUSH_ALWAYS, PUSH_NEVER = "always", "never"
PRODUCTION = "production"  # where dangerous names in a pickle are refused without any gate
DEFAULT_ENVIRONMENTS = ("staging", PRODUCTION)
_ID = re.compile(r"[0-9a-z]{8,64}")
CONFIG_HELP = """\
# Registry configuration: edit it here or with `git regolo config`.
# The environments are listed in the order in which versions are promoted through them:
#   [environments.staging]
#   [environments.production]
#   replicas = 3
#   requires = ["staging"]
"""


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """An environment's replica count, the environments a version must be promoted to first, its gates."""

    name: str
    replicas: int | None = None
    requires: tuple[str, ...] = ()
    unknown: Table = field(default_factory=dict)
    gates: "EnvironmentGates | None" = None


@dataclass(frozen=True, slots=True)
class RegistryConfig:
    """The registry branch, the digest algorithm of new artifacts, the shared store, the environments.

    `lines` are the names or patterns (`release/*`) of other branches whose versions count as released.
    `store_endpoint` and `store_region` are those of an S3 service.  `store_write` is when the bytes of a
    version go to the shared store: when it is pushed, or before it gets its name (`through`).
    `operations` is the branch of environments and endpoints if it is not the registry branch.
    `registry_id` is what other registries in the same store know this one by; 0.1 wrote none.
    """

    branch: str = "main"
    digest: Algorithm = "sha256"
    store_url: str | None = None
    store_endpoint: str | None = None
    store_region: str | None = None
    store_write: StoreWrite = "push"
    registry_id: str | None = None
    environments: tuple[EnvironmentRule, ...] = ()
    lines: tuple[str, ...] = ()
    operations: str | None = None
    unknown: Mapping[str, TomlValue] = field(default_factory=dict)

    def environment(self, name: str) -> EnvironmentRule | None:
        """The rule of an environment; None if it has none."""
        return next((rule for rule in self.environments if rule.name == name), None)

    def is_line(self, branch: str) -> bool:
        """Whether versions on a branch are released: the registry branch, or a branch of `lines`."""
        return branch == self.branch or any(fnmatchcase(branch, line) for line in self.lines)

    def environment_order(self) -> tuple[str, ...]:
        """The environments in promotion order; staging and production if none are configured."""
        return tuple(rule.name for rule in self.environments) or DEFAULT_ENVIRONMENTS

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Reads a configuration.  Raises IntegrityError."""
        reader = TableReader.of_document(text, WHAT, newest=FORMAT)
        registry, store = reader.take_table("registry"), reader.take_table("store")
        digest = store.take_optional("digest", str) or "sha256"
        if digest not in ALGORITHMS:
            raise IntegrityError(f"'digest' in {store.what} is neither {' nor '.join(ALGORITHMS)}")
        write = store.take_optional("write", str) or "push"
        if write not in WRITES:
            raise IntegrityError(f"'write' in {store.what} is neither {' nor '.join(WRITES)}")
        branch = registry.take_optional("branch", str) or "main"
        operations = registry.take_optional("operations", str)
        registry_id = registry.take_optional("id", str)
        if registry_id is not None and not _ID.fullmatch(registry_id):
            raise IntegrityError(f"'id' in {registry.what} is not 8 to 64 letters and digits")
        config = cls(
            branch=branch,
            digest=digest,
            store_url=store.take_optional("url", str),
            store_endpoint=store.take_optional("endpoint", str),
            store_region=store.take_optional("region", str),
            store_write=write,
            registry_id=registry_id,
            lines=registry.take_texts("lines"),
            operations=operations if operations != branch else None,
            environments=tuple(_read_rule(*named) for named in reader.take_tables("environments")),
            unknown=reader.rest,
        )
        _check_requirements(config)
        _check_operations(config)
        return config


def _read_rule(name: str, reader: TableReader) -> EnvironmentRule:
    replicas = reader.take_optional("replicas", int)
    try:
        check_environment_name(name)
        if replicas is not None:
            check_replicas(replicas)
    except InvalidInput as error:
        raise IntegrityError(f"{reader.what}: {error.message}") from error
    requires = reader.take_texts("requires")
    gates = _read_gates(reader) if "gates" in reader.rest else None
    return EnvironmentRule(name, replicas, requires, reader.rest, gates)


def _read_gates(reader: TableReader) -> "EnvironmentGates":
    from regolo_git.records.gates import read_environment_gates  # noqa: PLC0415 - for one that has some

    return read_environment_gates(reader, "gates")


def _check_operations(config: RegistryConfig) -> None:
    name = config.operations
    if name is None:
        return
    if not is_branch_name(name):
        raise IntegrityError(f"'{name}' cannot be the name of the operations branch")
    if config.is_line(name):
        raise IntegrityError(f"the operations branch '{name}' is one of the lines, whose versions count")


def _check_requirements(config: RegistryConfig) -> None:
    seen: set[str] = set()
    for rule in config.environments:
        missing = [name for name in rule.requires if name not in seen]
        if missing:
            raise IntegrityError(
                f"environment '{rule.name}' requires '{missing[0]}', which is not listed before it"
            )
        seen.add(rule.name)


def pushes_at_once(value: str) -> bool:
    """Whether `regolo.push` asks for it.  Raises InvalidInput for an unknown value."""
    if value not in (PUSH_ALWAYS, PUSH_NEVER):
        raise InvalidInput(
            f"'{PUSH_SETTING}' is '{value}', neither '{PUSH_ALWAYS}' nor '{PUSH_NEVER}'",
            Hint("config", "--local", PUSH_SETTING, PUSH_ALWAYS),
        )
    return value == PUSH_ALWAYS


def new_config_text(*, branch: str, store_url: str | None, registry_id: str | None = None) -> str:
    """The initial configuration of a registry.  Raises InvalidInput for a URL that cannot be a store."""
    registry: dict[str, TomlValue] = {"branch": branch}
    if registry_id is not None:
        registry["id"] = registry_id
    environments: dict[str, TomlValue] = {name: {} for name in DEFAULT_ENVIRONMENTS}
    document: dict[str, TomlValue] = {
        "format": FORMAT,
        "registry": registry,
        "environments": environments,
    }
    store: dict[str, TomlValue] = {"digest": "sha256"}
    if store_url is not None:
        from regolo_git.records.store_url import parse_store_address  # noqa: PLC0415 - for a new URL only

        parse_store_address(store_url)
        store["url"] = store_url
    document["store"] = store
    return CONFIG_HELP + dump_document(document)
