"""Metadata on the command line: `NAME=VALUE` options, and TOML or JSON files."""

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from regolo_git.cli.options.value_files import Tree, read_table
from regolo_git.errors import InvalidInput
from regolo_git.records.toml_text import TomlValue
from regolo_git.text.printable import printable

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
            f"the value '{printable(text)}' of metric '{printable(name)}' is not a number",
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
    return read_table(path, "metadata", meant=_meant_as_value)


def read_serving(path: Path) -> Tree:
    """Reads a serving block from a TOML or JSON file, with or without the `[serving]` table around it."""
    table = read_table(path, "serving")
    inner = table.get("serving")
    return inner if isinstance(inner, dict) and len(table) == 1 else table


def _meant_as_value(path: str) -> str | None:
    """The option for `accuracy=0.9`, given in place of a file of metadata."""
    name, equals, value = path.partition("=")
    if not equals or not name.strip():
        return None
    try:
        metric_value(name, value)
    except InvalidInput:
        return f"--meta {shlex.quote(path)}"
    return f"--metric {shlex.quote(path)}"


def gather_metadata(file: Path | None, meta: Iterable[str]) -> Tree:
    """Collects metadata from the file, then `--meta`; dots in names create tables.

    Raises InvalidInput, NotFound.
    """
    tree = read_metadata(file) if file is not None else {}
    named: set[str] = set()
    for text in meta:
        name, value = split_assignment("--meta", text)
        _once(named, name)
        _put(tree, name, free_value(value))
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
