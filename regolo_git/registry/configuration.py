"""Reading and changing the registry's configuration; the comments in the file are preserved."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.branches import is_branch_name
from regolo_git.records.config import RegistryConfig
from regolo_git.records.document_edit import set_value, unset_value
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.records.store_url import check_s3_settings, parse_store_address
from regolo_git.records.toml_text import Table, TomlValue, load_document
from regolo_git.registry.change import action_message, commit_records
from regolo_git.registry.environments.declared import TABLE, with_environment
from regolo_git.registry.handle import Handle
from regolo_git.registry.operations_branch import furthest_tip, refuse_other_records, starting
from regolo_git.registry.records_at import RecordsAt

OPERATIONS_KEY = "registry.operations"
# Checked only when set: a committed URL must not block other keys.
STORE_KEYS = ("store.url", "store.endpoint", "store.region", "store")


def read_settings(handle: Handle) -> Table:
    """The configuration on the registry branch, as nested tables.  Raises NotFound, IntegrityError."""
    return load_document(_text(handle, handle.records()), "the registry's configuration")


def find_setting(settings: Table, key: str) -> TomlValue:
    """The value or table of a dotted key.  Raises NotFound."""
    value: TomlValue = settings
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise _no_setting(key)
        value = value[part]
    return value


def change_setting(handle: Handle, key: str, value: "TomlValue | None") -> str:
    """Commits a new value of a dotted key, or removes the key (None); returns the commit.

    A new `registry.operations` creates that branch where the present one is, if there is none.  A new
    `registry.branch` is committed to that branch if this clone lacks the present one, as after a
    rename.  The first key of an environment also declares the environments that were there without it.
    A new URL of the shared store is confirmed for this clone, and so is a new endpoint or region of one that
    was confirmed.

    Raises InvalidInput if the result would not be a valid configuration, Conflict if nothing would change.
    """

    def prepare(records: RecordsAt) -> NewCommit[None]:
        before = _text(handle, records)
        former = RegistryConfig.parse(before).operations
        if value is None:
            after = unset_value(before, key, keep_tables=key.partition(".")[0] == TABLE)
        else:
            after = set_value(_declaring(records, before, key), key, value)
        if after == before and value is None:
            raise _no_setting(key)
        if after == before:
            raise Conflict(f"'{key}' is already set to that value", Hint("config", key))
        try:
            config = RegistryConfig.parse(after)
        except IntegrityError as error:
            table = key.rpartition(".")[0]
            raise InvalidInput(error.message, Hint("config", *([table] if table else []))) from error
        if config.operations != former:
            _refuse_hidden_records(handle, records, config)
        if key in STORE_KEYS and value is not None:
            _check_store(config)
        verb = "unset" if value is None else "set"
        subject = f"{verb} {key} in the registry's configuration"
        return NewCommit({CONFIG_PATH: after.encode()}, action_message(None, subject, "config", {}), None)

    confirms = key in STORE_KEYS and (key in ("store.url", "store") or _is_confirmed(handle))
    with _started(handle, key, value):
        commit = commit_records(handle, prepare, branch=_branch_to_change(handle, key, value)).commit
    address = handle.shared_stores.address() if confirms else None
    if address is not None:
        handle.shared_stores.confirm(address)
    return commit


def _is_confirmed(handle: Handle) -> bool:
    try:
        address = handle.shared_stores.address()
    except InvalidInput:  # what was committed by hand
        return False
    return address is not None and handle.shared_stores.is_confirmed(address)


def _started(handle: Handle, key: str, value: "TomlValue | None") -> AbstractContextManager[None]:
    """A block with the branch that becomes the operations branch; without a change of that, any block."""
    if key != OPERATIONS_KEY or not isinstance(value, str) or not is_branch_name(value):
        return nullcontext()
    return starting(handle.git, value, handle.operations_tip())


def _refuse_hidden_records(handle: Handle, records: RecordsAt, config: RegistryConfig) -> None:
    """Raises Conflict if another operations branch has other environments and endpoints than the present."""
    assert records.operations is not None, "its records were read"
    branch = config.operations or config.branch
    known = records.registry if config.operations is None else furthest_tip(handle.git, branch)
    if known is not None:
        refuse_other_records(handle.git, branch, known, records.operations)


def _check_store(config: RegistryConfig) -> None:
    check_s3_settings(config.store_endpoint, config.store_region)
    if config.store_url is not None:
        parse_store_address(config.store_url, config.store_endpoint, config.store_region)


def _declaring(records: RecordsAt, text: str, key: str) -> str:
    """The configuration, with the environment that a key is of: `environments.NAME.replicas`."""
    table, *names = key.split(".")
    return with_environment(records, text, names[0]) if table == TABLE and len(names) > 1 else text


def _branch_to_change(handle: Handle, key: str, value: "TomlValue | None") -> str | None:
    """The branch that becomes the registry branch, if this clone lacks the present one; else None."""
    if key != "registry.branch" or not isinstance(value, str):
        return None
    if handle.git.newest_known(handle.registry_branch()) is not None:
        return None
    if handle.git.newest_known(value) is None:
        raise NotFound(f"there is no branch '{value}' in this clone", "git branch --all")
    return value


def _no_setting(key: str) -> NotFound:
    return NotFound(f"the registry's configuration has no '{key}'", Hint("config"))


def _text(handle: Handle, records: RecordsAt) -> str:
    data = records.data(CONFIG_PATH)
    if data is None:
        raise NotFound(f"'{handle.paths.top}' is not a registry yet", Hint("init"))
    return data.decode()
