"""Files of values on the command line: TOML, JSON and, where it is asked for, YAML; `-` is standard input."""

import json
import sys
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from pathlib import Path
from typing import cast

from regolo_git.errors import InvalidInput, MissingDependency, NotFound
from regolo_git.records.toml_scan import costly
from regolo_git.records.toml_text import TomlValue
from regolo_git.text.printable import printable

Tree = dict[str, TomlValue]
NextStepOf = Callable[[str], str | None]

YAML = (".yaml", ".yml")
MOST_VALUES = 200_000  # of a YAML file, whose aliases stand for values that are written once


def read_table(
    path: Path, what: str, *, takes_yaml: bool = False, meant: NextStepOf = lambda _: None
) -> Tree:
    """The table of a file; `meant` has the next step where the name of a missing file is no file's name.

    Raises NotFound, InvalidInput, MissingDependency for YAML without its library.
    """
    file = f"{what} file '{path}'"
    text = _read_text(path, what, meant)
    suffix = path.suffix.lower()
    if takes_yaml and (suffix in YAML or (not suffix and _is_yaml(text))):
        return _checked(_yaml(text, file), file)
    # A pipe has no suffix; only JSON begins with a brace.
    as_json = suffix == ".json" or (suffix != ".toml" and text.lstrip().startswith("{"))
    reason = None if as_json else costly(text)
    if reason is not None:
        raise InvalidInput(f"{file} {reason}")
    try:
        table = json.loads(text, object_pairs_hook=_without_repeats) if as_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if suffix in YAML:
            raise InvalidInput(f"{file} is YAML", "write it as TOML or JSON") from error
        hint = None if suffix in (".toml", ".json") or takes_yaml else "write it as TOML or JSON, not YAML"
        raise InvalidInput(f"{file} is not valid {'JSON' if as_json else 'TOML'}: {error}", hint) from error
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error.message}", error.hint) from error
    return _checked(table, file)


def _checked(table: object, file: str) -> Tree:
    if not isinstance(table, dict):
        raise InvalidInput(f"{file} is not a table of names and values")
    return cast(Tree, table)


def _read_text(path: Path, what: str, meant: NextStepOf) -> str:
    """The text of a file, or of standard input for `-`: UTF-8, or UTF-16 with its mark, as on Windows."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"no such {what} file: '{path}'", meant(str(path))) from error
    except OSError as error:
        raise InvalidInput(f"cannot read {what} file '{path}': {error.strerror or error}") from error
    try:
        return data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"cannot read {what} file '{path}': it is not UTF-8 text") from error


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of JSON with these names; of two values for one, most readers would drop the first."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(f"'{printable(name)}' is there twice", "leave one of them out")
        found[name] = value
    return found


# -- YAML -------------------------------------------------------------------------------------------------


def _is_yaml(text: str) -> bool:
    """Whether a text without a name, such as standard input, is neither JSON nor TOML."""
    if text.lstrip().startswith("{") or costly(text) is not None:
        return False
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def _yaml(text: str, file: str) -> object:
    try:
        from ruamel import yaml  # noqa: PLC0415 - an extra, and seldom needed
    except ImportError as error:
        raise MissingDependency(f"{file} is YAML, which needs a library", _extra()) from error
    try:
        loaded: object = yaml.YAML(typ="safe", pure=True).load(text)
    except (yaml.error.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(printable(str(error)).split()[:30])
        raise InvalidInput(f"{file} is not valid YAML: {why}") from error
    return _bounded(loaded, file)


def _extra() -> str:
    return "pip install 'regolo-git[yaml]', or write it as TOML or JSON"


def _bounded(loaded: object, file: str) -> object:
    """The values with text for numbers as keys; refuses what aliases blow up, or what contains itself."""
    left = MOST_VALUES

    def copied(value: object, depth: int) -> object:
        nonlocal left
        left -= 1
        if left < 0 or depth > 64:
            raise InvalidInput(f"{file} has too many values, or is nested too deep")
        if isinstance(value, dict):
            return {_key(key, file): copied(held, depth + 1) for key, held in value.items()}
        if isinstance(value, list):
            return [copied(held, depth + 1) for held in value]
        return value

    return copied(loaded, 0)


def _key(key: object, file: str) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, int | float) and not isinstance(key, bool):
        return str(key)
    raise InvalidInput(f"{file} has the key {key!r}, which is not text", "write it in quotes")
