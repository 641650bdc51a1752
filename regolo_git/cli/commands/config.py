"""`git regolo config`: shows and changes the registry's configuration and the settings of this clone."""

import re
from collections.abc import Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, flat, form_options, plain_text
from regolo_git.cli.options.arguments import query
from regolo_git.cli.options.assignments import free_value
from regolo_git.cli.streams import put, talk, talk_next, talk_note
from regolo_git.errors import InvalidInput, MissingDependency, NotFound, StoreAbsent, TransportError
from regolo_git.git.hook_scripts import SETTINGS as HOOK_SETTINGS
from regolo_git.hints import Hint
from regolo_git.records.config import PUSH_SETTING, pushes_at_once
from regolo_git.records.gates import ENVIRONMENT_KEYS
from regolo_git.records.store_url import (
    FORMER_STORE_SETTING,
    STORE_SETTING,
    check_writable_store,
    parse_store_address,
)
from regolo_git.records.toml_text import TomlValue, dump_document
from regolo_git.registry.clone_store import (
    CACHE_SETTING,
    CACHE_SIZE_SETTING,
    ENDPOINT_SETTING,
    REGION_SETTING,
)
from regolo_git.registry.configuration import change_setting, find_setting, read_settings
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import words_of
from regolo_git.registry.other_store import add_former
from regolo_git.registry.shared_store import (
    CONFIRMED_SETTING,
    REMOTE_SECTION,
    FurtherStore,
    address_in,
    described,
)
from regolo_git.registry.store_library import note_missing_library
from regolo_git.text.commits import short
from regolo_git.text.nearest import nearest

KNOWN = (
    "registry.branch",
    "registry.lines",
    "registry.operations",
    "store.url",
    "store.endpoint",
    "store.region",
    "store.write",
    "store.digest",
)
KNOWN_OF_AN_ENVIRONMENT = re.compile(
    r"environments\.[a-z-]+(?:\.(?:replicas|requires|gates(?:\.(?:signed|scan|metadata|licences|metrics(?:\..+)?))?))?"
)
OF_AN_ENVIRONMENT = (
    "replicas",
    "requires",
    *(f"gates.{key}" for key in ENVIRONMENT_KEYS),
)
LOCAL = (
    STORE_SETTING,
    ENDPOINT_SETTING,
    REGION_SETTING,
    CACHE_SETTING,
    CACHE_SIZE_SETTING,
    PUSH_SETTING,
    *HOOK_SETTINGS,
    CONFIRMED_SETTING,
    *(f"{REMOTE_SECTION}.NAME.{setting}" for setting in FurtherStore._fields),
)
GIVEN = (ENDPOINT_SETTING, REGION_SETTING, CACHE_SETTING, CACHE_SIZE_SETTING, PUSH_SETTING, *HOOK_SETTINGS)
LOCAL_PREFIX = "regolo."


def complete_keys(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the settings that this release uses, for each environment and further store that is there."""
    keys = query(ctx, _local_keys if ctx.params.get("local") else _committed_keys)
    return [CompletionItem(key) for key in keys if key.startswith(incomplete)]


def _committed_keys(handle: Handle) -> list[str]:
    environments = handle.config().environment_order()
    return [*KNOWN, *(f"environments.{name}.{key}" for name in environments for key in OF_AN_ENVIRONMENT)]


def _local_keys(handle: Handle) -> list[str]:
    named = [f"{REMOTE_SECTION}.{name}." for name in handle.shared_stores.further()]
    placeholder = f"{REMOTE_SECTION}.NAME."
    fixed = [key for key in LOCAL if not key.startswith(placeholder)]
    return [*fixed, *(f"{start}{setting}" for start in named for setting in FurtherStore._fields)]


@click.command()
@click.argument("key", required=False, shell_complete=complete_keys)
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Remove KEY.")
@click.option(
    "--local", is_flag=True, help="Use the settings of this clone (git config), which are not committed."
)
@form_options
def config(key: str | None, value: str | None, unset: bool, local: bool, form: Form) -> None:
    """Show the registry's configuration or the value of KEY, or set KEY to VALUE with a commit.

    The configuration is .regolo/config.toml on the registry branch; its comments are kept.  VALUE is text,
    or a TOML number or list.

    \b
      registry.branch              the branch of versions and rules
      registry.lines               other branches whose versions count
      registry.operations          the branch of environments and endpoints
      store.url                    the URL of the shared store
      store.endpoint               the URL of its S3 service, if not AWS
      store.region                 the region of its S3 service
      store.write                  "push", or "through": bytes before the name
      store.digest                 "sha256", or the faster "blake3"
      environments.NAME.replicas   the number of workers
      environments.NAME.requires   environments to pass through first
      environments.NAME.gates      rules for versions: signed, scan, licences,
                                   metadata, and metrics.METRIC.max and its like
      regolo.store                 the store of this clone (--local)
      regolo.storeEndpoint         the URL of its S3 service (--local)
      regolo.storeRegion           the region of its S3 service (--local)
      regolo.cache                 the cache, if the store is remote (--local)
      regolo.cacheSize             its size, such as 10GB (--local)
      regolo.push                  "always": as with --push (--local)
      regolo.confirmed             the shared store that it may use (--local)
      regolo.remote.NAME.url       a further store to read from (--local)
      regolo.remote.NAME.endpoint  the URL of its S3 service (--local)
      regolo.remote.NAME.region    the region of its S3 service (--local)

    With --plain, one line for each setting: dotted key, value

    \b
    Examples:
      git regolo config
      git regolo config store.digest blake3
      git regolo config environments.production.requires '["staging"]'
      git regolo config environments.production.gates.licences '["mit"]'
      git regolo config --local regolo.store /shared/store

    Setting store.url also confirms that this clone may use the store, and so does setting it to the URL that
    it has.  Setting regolo.store creates a store there if there is none.  Unsetting it also gives up a store
    that this clone has used and that is lost.

    Exit status: 0 success; 2 the configuration would be invalid; 3 no such key, or not in a registry;
    4 already set to that value, or the file has uncommitted changes; 6 the store cannot be created, or was
    used by this clone and is not there.
    """
    if unset and (key is None or value is not None):
        raise InvalidInput("--unset requires a KEY and no VALUE", Hint("config", "--unset", "KEY"))
    with open_handle() as handle:
        if key is None:
            _put(_local_settings(handle) if local else dict(read_settings(handle)), form)
        elif local:
            _get_or_set_local(handle, key, value, unset=unset, form=form)
        elif unset or value is not None:
            _set(handle, key, value)
        else:
            _put_value(find_setting(read_settings(handle), key), form)


def _put(settings: Mapping[str, TomlValue], form: Form) -> None:
    emit(
        form,
        document=lambda: dict(settings),
        fields=lambda: flat(dict(settings)),
        page=lambda: put(dump_document(settings).rstrip("\n")),
    )


def _put_value(value: TomlValue, form: Form) -> None:
    page = dump_document(value).rstrip("\n") if isinstance(value, Mapping) else None
    emit(
        form,
        document=lambda: value,
        fields=lambda: [line[1:] if not line[0] else line for line in flat(value)],
        page=lambda: put(page if page is not None else _shown(value)),
    )


def _shown(value: Json) -> str:
    return "\n".join(plain_text(element) for _, element in flat(value))


def _set(handle: Handle, key: str, text: str | None) -> None:
    if key == "format":
        raise InvalidInput("'format' is the version of the file format and cannot be changed")
    unknown = key not in KNOWN and not KNOWN_OF_AN_ENVIRONMENT.fullmatch(key)
    close = nearest(key, KNOWN) if unknown else None
    if close and text is not None:
        raise InvalidInput(f"unknown setting '{key}', did you mean '{close}'?", Hint("config", close, text))
    if key == "store.url" and text is not None and _share(handle, text):
        return
    left_before = set(handle.shared_stores.left_behind())
    commit = change_setting(handle, key, None if text is None else free_value(text))
    verb = "unset" if text is None else "set"
    talk(f"{verb} {key} (commit {short(commit)} on {handle.registry_branch()})")
    if text is not None and unknown:
        talk_note(f"this release does not use '{key}'")
    for store in set(handle.shared_stores.left_behind()).difference(left_before):
        talk_note(f"this clone no longer reads the store '{store.url}': evicted bytes may be only there")
        talk_next(str(add_former(store)))


def _share(handle: Handle, url: str) -> bool:
    """Creates a shared store in a directory; whether the registry names this one and it is now confirmed."""
    address = parse_store_address(url)
    created = handle.shared_stores.create_directory(address)
    if created is not None:
        talk(f"created a store at {created}")
    note_missing_library(handle, address)
    if handle.config().store_url != url or not handle.shared_stores.confirm_url(url):
        return False
    talk(f"this clone now uses the shared store {described(address_in(handle.config()) or address)}")
    return True


def _local_settings(handle: Handle) -> dict[str, TomlValue]:
    values = {
        STORE_SETTING: handle.clone_store.setting,
        **{key: handle.git.config_get(key) for key in GIVEN},
        CONFIRMED_SETTING: handle.git.config_get(CONFIRMED_SETTING),
        **{
            f"{REMOTE_SECTION}.{name}.{setting}": value
            for name, store in handle.shared_stores.further().items()
            for setting, value in store._asdict().items()
        },
    }
    return {key: value for key, value in values.items() if value is not None}


def _get_or_set_local(handle: Handle, key: str, value: str | None, *, unset: bool, form: Form) -> None:
    if not key.startswith(LOCAL_PREFIX):
        raise InvalidInput(f"'{key}' is not a regolo-git setting", f"git config {key}")
    if key.lower() == PUSH_SETTING and value is not None:
        pushes_at_once(value)
    is_store = key.lower() in (STORE_SETTING, FORMER_STORE_SETTING.lower())  # git takes any case
    if is_store and (unset or value is not None):
        _set_store(handle, value)
    elif unset or value is not None:
        handle.git.config_set(key, value)
    else:
        found = handle.clone_store.setting if is_store else handle.git.config_get(key)
        if found is None:
            raise NotFound(f"'{key}' is not set in this clone", Hint("config", "--local", key, "VALUE"))
        _put_value(found, form)


def _set_store(handle: Handle, place: str | None) -> None:
    if place is None:
        handle.clone_store.forget()
    else:
        place = _from_here(place)
        _create_store(handle, place)
    handle.git.config_set(STORE_SETTING, place)
    handle.git.config_set(FORMER_STORE_SETTING, None)  # would take effect again after --unset


def _create_store(handle: Handle, place: str) -> None:
    """Creates a store that is not there.  A remote one may be set before it can be reached."""
    try:
        if handle.clone_store.create(place):
            talk(f"created a store at {place}")
    except (TransportError, MissingDependency) as error:
        if "://" not in place or isinstance(error, StoreAbsent):
            raise
        talk_note(f"'{place}' could not be checked: {words_of(error, handle.step)}")


def _from_here(place: str) -> str:
    """Makes a relative path absolute, because the setting is used from any directory."""
    check_writable_store(place)
    path = Path(place).expanduser()
    return place if "://" in place else str(path if path.is_absolute() else path.resolve())
