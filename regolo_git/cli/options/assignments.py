"""Metadata on the command line: `NAME=VALUE` options, and TOML or JSON files."""

import json
import re
import shlex
import sys
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.toml_scan import costly
from regolo_git.records.toml_text import TomlValue
from regolo_git.text.printable import printable

Tree = dict[str, TomlValue]

YAML = (".yaml", ".yml")
INTEGER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*")
ANY_DIGEST = re.compile(r"[a-z0-9][a-z0-9-]*:[0-9A-Za-z+/=_-]+")


def split_assignment(option: str, text: str) -> tuple[str, str]:
    """Splits `NAME=VALUE`.  Raises InvalidInput."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        example = f"{printable(name.strip()) or 'NAME'}={printable(value.strip(' =')) or 'VALUE'}"
        raise InvalidInput(f"'{option} {printable(text)}' is not NAME=VALUE", f"{option} {example}")
    return name.strip(), value


def metric_value(name: str, text: str) -> int | float:
    """Parses a number.  Raises InvalidInput."""
    try:
        return int(text) if INTEGER.fullmatch(text.strip()) else float(text)
    except ValueError as error:
        raise InvalidInput(
            f"'{printable(text)}' of metric '{printable(name)}' is not a number",
            f"for other values: --meta {name}={printable(text)}",
        ) from error


def free_value(text: str) -> TomlValue:
    """Parses a TOML value (`3`, `true`, `[1, 2]`, `"3"`); any other text is a string."""
    if "\n" in text or "\r" in text:
        return text
    try:
        return cast(TomlValue, tomllib.loads(f"value = {text}")["value"])
    except (ValueError, RecursionError):
        return text


def read_metadata(path: Path) -> Tree:
    """Metadata from a TOML or JSON file.  Raises NotFound, InvalidInput."""
    return _read_table(path, "metadata")


def read_serving(path: Path) -> Tree:
    """Reads a serving block from a TOML or JSON file, with or without the `[serving]` table around it."""
    table = _read_table(path, "serving")
    inner = table.get("serving")
    return inner if isinstance(inner, dict) and len(table) == 1 else table


def _read_table(path: Path, what: str) -> Tree:
    file = f"{what} file '{path}'"
    text = _read_text(path, what)
    suffix = path.suffix.lower()
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
        hint = None if suffix in (".toml", ".json") else "write it as TOML or JSON, not YAML"
        raise InvalidInput(f"{file} is not valid {'JSON' if as_json else 'TOML'}: {error}", hint) from error
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error.message}", error.hint) from error
    if not isinstance(table, dict):
        raise InvalidInput(f"{file} is not a table of names and values")
    return cast(Tree, table)


def _read_text(path: Path, what: str) -> str:
    """The text of a file, or of standard input for `-`: UTF-8, or UTF-16 with its mark, as on Windows."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"no such {what} file: '{path}'", _meant_as_value(str(path), what)) from error
    except OSError as error:
        raise InvalidInput(f"cannot read {what} file '{path}': {error.strerror or error}") from error
    try:
        return data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"cannot read {what} file '{path}': it is not UTF-8 text") from error


def _meant_as_value(path: str, what: str) -> str | None:
    """The option for `accuracy=0.9`, given in place of a file of metadata."""
    name, equals, value = path.partition("=")
    if what != "metadata" or not equals or not name.strip():
        return None
    try:
        metric_value(name, value)
    except InvalidInput:
        return f"--meta {shlex.quote(path)}"
    return f"--metric {shlex.quote(path)}"


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of JSON with these names; of two values for one, most readers would drop the first."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(f"'{printable(name)}' is there twice", "leave one of them out")
        found[name] = value
    return found


def gather_metadata(file: Path | None, meta: Iterable[str], metrics: Iterable[str]) -> Tree:
    """Collects metadata from the file, then `--meta`, then `--metric`; dots in names create tables.

    Raises InvalidInput, NotFound.
    """
    tree = read_metadata(file) if file is not None else {}
    given = [("--meta", text) for text in meta] + [("--metric", text) for text in metrics]
    named: set[str] = set()
    for option, text in given:
        name, value = split_assignment(option, text)
        _once(named, name)
        _put(tree, name, free_value(value) if option == "--meta" else metric_value(name, value))
    return tree


def gather_parameters(parameters: Iterable[str]) -> Tree:
    """Collects the training parameters of `--param`.  Raises InvalidInput."""
    tree: Tree = {}
    named: set[str] = set()
    for text in parameters:
        name, value = split_assignment("--param", text)
        _once(named, name)
        _put(tree, name, free_value(value))
    return tree


def gather_data(data: Iterable[str]) -> Mapping[str, str]:
    """Collects the digests of training data sets by name.  Raises InvalidInput."""
    digests: dict[str, str] = {}
    named: set[str] = set()
    for text in data:
        name, value = split_assignment("--data", text)
        _once(named, name)
        if not ANY_DIGEST.fullmatch(value):
            raise InvalidInput(
                f"data set '{printable(name)}' needs a digest, not '{printable(value)}'",
                f"--data {name}=sha256:$(sha256sum FILE | cut -d' ' -f1)",
            )
        digests[name] = value
    return digests


def _once(named: set[str], name: str) -> None:
    """Notes a name.  Raises InvalidInput if it was given before: the other value would be lost."""
    if name in named:
        raise InvalidInput(f"'{printable(name)}' is given twice", "leave one of them out")
    named.add(name)


def _put(tree: Tree, name: str, value: TomlValue) -> None:
    *parents, last = name.split(".")
    table = tree
    for parent in parents:
        inner = table.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise InvalidInput(f"'{printable(name)}' is both a value and a table")
        table = inner
    if isinstance(table.get(last), dict):
        raise InvalidInput(f"'{printable(name)}' is both a value and a table")
    table[last] = value
