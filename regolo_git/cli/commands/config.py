"""`git regolo config`: shows and sets the registry's configuration, and this clone's own settings."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, flat, form_options, plain_text
from regolo_git.cli.options.assignments import free_value
from regolo_git.cli.streams import put, talk
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.toml_text import TomlValue, dump_document
from regolo_git.registry.configuration import change_setting, find_setting, read_settings
from regolo_git.registry.handle import FORMER_STORE_SETTING, STORE_SETTING, Handle
from regolo_git.store.locate import check_location
from regolo_git.text.commits import short
from regolo_git.text.nearest import nearest

KNOWN = ("registry.branch", "store.url", "store.digest")
KNOWN_OF_AN_ENVIRONMENT = re.compile(r"environments\.[a-z-]+(?:\.(?:replicas|requires))?")
LOCAL = (STORE_SETTING,)
LOCAL_PREFIX = "regolo."


def complete_keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """The settings that this version makes use of."""
    keys = LOCAL if ctx.params.get("local") else KNOWN
    return [CompletionItem(key) for key in keys if key.startswith(incomplete)]


@click.command()
@click.argument("key", required=False, shell_complete=complete_keys)
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Remove KEY.")
@click.option("--local", is_flag=True, help="This clone's own settings (git config), never committed.")
@form_options
def config(key: str | None, value: str | None, unset: bool, local: bool, form: Form) -> None:
    """Show the registry's configuration, or the value of KEY, or set KEY to VALUE by a commit.

    It lies in .regolo/config.toml on the registry branch; comments in it survive.  VALUE is text, or a
    number or list as TOML writes it.

    \b
      registry.branch              where environments and endpoints are resolved
      store.url                    the shared store
      store.digest                 "sha256", or "blake3": faster, less known
      environments.NAME.replicas   how many workers serve there
      environments.NAME.requires   where a version must have stood before
      regolo.store                 where this clone keeps the bytes (--local)

    With --plain, one line for each: key, with dots, and value

    \b
    Examples:
      git regolo config
      git regolo config store.digest blake3
      git regolo config environments.production.requires '["staging"]'
      git regolo config --local regolo.store /shared/store

    Exit status: 0 done; 2 no valid configuration would result; 3 no such key, or no registry here;
    4 it is like that already, or the file has uncommitted changes.
    """
    if unset and (key is None or value is not None):
        raise InvalidInput("'--unset' takes one KEY", "git regolo config --unset KEY")
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
        raise InvalidInput("'format' says how the file is written and is not set")
    unknown = key not in KNOWN and not KNOWN_OF_AN_ENVIRONMENT.fullmatch(key)
    close = nearest(key, KNOWN) if unknown else None
    if close and text is not None:
        words = f"{close} {shlex.quote(text)}"
        raise InvalidInput(f"'{key}' is no setting; did you mean '{close}'?", f"git regolo config {words}")
    commit = change_setting(handle, key, None if text is None else free_value(text))
    verb = "unset" if text is None else "set"
    talk(f"{verb} {key}: commit {short(commit)} on {handle.registry_branch()}")
    if text is not None and unknown:
        talk(f"note: this version makes no use of '{key}'")


def _local_settings(handle: Handle) -> dict[str, TomlValue]:
    return {STORE_SETTING: handle.store_setting} if handle.store_setting is not None else {}


def _get_or_set_local(handle: Handle, key: str, value: str | None, *, unset: bool, form: Form) -> None:
    if not key.startswith(LOCAL_PREFIX):
        raise InvalidInput(f"'{key}' is not a setting of ours", f"git config {key}")
    is_store = key.lower() in (STORE_SETTING, FORMER_STORE_SETTING.lower())  # git takes any case
    if is_store and (unset or value is not None):
        _set_store(handle, value)
    elif unset or value is not None:
        handle.git.config_set(key, value)
    else:
        found = handle.store_setting if is_store else handle.git.config_get(key)
        if found is None:
            raise NotFound(f"'{key}' is not set in this clone", f"git regolo config --local {key} VALUE")
        _put_value(found, form)


def _set_store(handle: Handle, place: str | None) -> None:
    handle.git.config_set(STORE_SETTING, _from_here(place) if place is not None else None)
    handle.git.config_set(FORMER_STORE_SETTING, None)  # would be in force again after an --unset


def _from_here(place: str) -> str:
    """A relative path is meant from where it is typed, and used from anywhere."""
    check_location(place)
    path = Path(place).expanduser()
    return place if "://" in place else str(path if path.is_absolute() else path.resolve())
