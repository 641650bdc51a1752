"""Metadata on the command line: `NAME=VALUE` options, and TOML or JSON files."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.toml_text import TomlValue
from regolo_git.text.printable import printable

Tree = dict[str, TomlValue]

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
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"no such {what} file: '{path}'") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {what} file '{path}': {_reason(error)}") from error
    try:
        table = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise InvalidInput(f"{what} file '{path}' is not valid {kind}: {error}") from error
    if not isinstance(table, dict):
        raise InvalidInput(f"{what} file '{path}' is not a table of names and values")
    return cast(Tree, table)


def gather_metadata(file: Path | None, meta: Iterable[str], metrics: Iterable[str]) -> Tree:
    """Collects metadata from the file, then `--meta`, then `--metric`; dots in names create tables.

    Raises InvalidInput, NotFound.
    """
    tree = read_metadata(file) if file is not None else {}
    for text in meta:
        name, value = split_assignment("--meta", text)
        _put(tree, name, free_value(value))
    for text in metrics:
        name, value = split_assignment("--metric", text)
        _put(tree, name, metric_value(name, value))
    return tree


def gather_parameters(parameters: Iterable[str]) -> Tree:
    """Collects the training parameters of `--param`.  Raises InvalidInput."""
    tree: Tree = {}
    for text in parameters:
        name, value = split_assignment("--param", text)
        _put(tree, name, free_value(value))
    return tree


def gather_data(data: Iterable[str]) -> Mapping[str, str]:
    """Collects the digests of training data sets by name.  Raises InvalidInput."""
    digests = {}
    for text in data:
        name, value = split_assignment("--data", text)
        if not ANY_DIGEST.fullmatch(value):
            raise InvalidInput(
                f"data set '{printable(name)}' needs a digest, not '{printable(value)}'",
                f"--data {name}=sha256:$(sha256sum FILE | cut -d' ' -f1)",
            )
        digests[name] = value
    return digests


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


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
