"""`NAME=VALUE` on the command line, and metadata files: the ways to give a version its numbers and words."""

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
    """Name and value of `NAME=VALUE`.  Raises InvalidInput."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        example = f"{printable(name.strip()) or 'NAME'}={printable(value.strip(' =')) or 'VALUE'}"
        raise InvalidInput(f"'{option} {printable(text)}' is not NAME=VALUE", f"{option} {example}")
    return name.strip(), value


def metric_value(name: str, text: str) -> int | float:
    """A number.  Raises InvalidInput for anything else."""
    try:
        return int(text) if INTEGER.fullmatch(text.strip()) else float(text)
    except ValueError as error:
        raise InvalidInput(
            f"'{printable(text)}' of metric '{printable(name)}' is not a number",
            f"for words: --meta {name}={printable(text)}",
        ) from error


def free_value(text: str) -> TomlValue:
    """A TOML value where the text is one (`3`, `true`, `[1, 2]`, `"3"`), the text itself otherwise."""
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
    """A serving block from a TOML or JSON file, with or without `[serving]` around it."""
    table = _read_table(path, "serving")
    inner = table.get("serving")
    return inner if isinstance(inner, dict) and len(table) == 1 else table


def _read_table(path: Path, what: str) -> Tree:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no {what} file '{path}'") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{what} file '{path}' cannot be read: {error}") from error
    try:
        table = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise InvalidInput(f"{what} file '{path}' is not {kind}: {error}") from error
    if not isinstance(table, dict):
        raise InvalidInput(f"{what} file '{path}' holds no table of names and values")
    return cast(Tree, table)


def gather_metadata(file: Path | None, meta: Iterable[str], metrics: Iterable[str]) -> Tree:
    """The metadata of a version: the file's, then `--meta`, then `--metric`; dots in names make tables.

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
    """Training parameters.  Raises InvalidInput."""
    tree: Tree = {}
    for text in parameters:
        name, value = split_assignment("--param", text)
        _put(tree, name, free_value(value))
    return tree


def gather_data(data: Iterable[str]) -> Mapping[str, str]:
    """Data sets by name and digest.  Raises InvalidInput."""
    digests = {}
    for text in data:
        name, value = split_assignment("--data", text)
        if not ANY_DIGEST.fullmatch(value):
            raise InvalidInput(
                f"'{printable(value)}' of data '{printable(name)}' is not a digest",
                f"--data {name}=sha256:$(sha256sum FILE | cut -d' ' -f1)",
            )
        digests[name] = value
    return digests


def _put(tree: Tree, name: str, value: TomlValue) -> None:
    *parents, last = name.split(".")
    table = tree
    for parent in parents:
        inner = table.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise InvalidInput(f"'{printable(name)}' is a value and a table at once")
        table = inner
    if isinstance(table.get(last), dict):
        raise InvalidInput(f"'{printable(name)}' is a value and a table at once")
    table[last] = value
