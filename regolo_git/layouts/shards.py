"""The files that a sharded model consists of, by its index and by the names of its shards."""

import json
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import PurePosixPath

from regolo_git.layouts.placeholders import WEIGHTS
from regolo_git.text.numbers import counted, few_of
from regolo_git.text.printable import printable

INDEX = ".index.json"
INDEX_LIMIT = 64 << 20
SHOWN = 3
# model-00001-of-00003.gguf, pytorch_model-00001-of-00002.bin, variables.data-00000-of-00002
NUMBERED = re.compile(r"(.*[-._])(\d{5})-of-(\d{5})(|\.[^/]*)")


def shards_of_index(text: bytes) -> set[str]:
    """The files that an index names, relative to it; none if it is not an index."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    names = document.get("weight_map") if isinstance(document, dict) else None
    return {name for name in names.values() if isinstance(name, str)} if isinstance(names, dict) else set()


def missing_of_indexes(indexes: Mapping[str, Collection[str]], paths: Collection[str]) -> dict[str, set[str]]:
    """The missing files of each index, by their paths.

    An index of which nothing is there does not count beside complete weights of another format: many
    repositories keep the index of a format that was not downloaded.
    """
    wanted = {index: {_beside(index, name) for name in names} for index, names in indexes.items()}
    missing = {index: names.difference(paths) for index, names in wanted.items()}
    return {
        index: names
        for index, names in missing.items()
        if names and not (names == wanted[index] and _has_other_weights(index, names, missing, wanted, paths))
    }


def missing_of_numbers(paths: Iterable[str]) -> dict[str, tuple[int, int, list[str]]]:
    """For the first file of each incomplete numbered set: its length, and how many and which are missing."""
    sets: dict[tuple[str, str, str], dict[int, str]] = {}
    for path in paths:
        found = NUMBERED.fullmatch(path)
        if found is not None:
            sets.setdefault((found[1], found[3], found[4]), {})[int(found[2])] = path
    incomplete = {}
    for (start, total, end), there in sets.items():
        first = 0 if 0 in there else 1
        wanted = range(first, first + int(total))
        missing = int(total) - sum(number in wanted for number in there)
        if missing > 0:
            absent = islice((number for number in wanted if number not in there), SHOWN)
            names = [f"{start}{number:05}-of-{total}{end}" for number in absent]
            incomplete[min(there.values())] = (int(total), missing, names)
    return incomplete


def index_problem(names: Collection[str]) -> str:
    """The problem of an index, by the files that are missing."""
    return f"names {counted(len(names), 'missing file')}: {_listed(sorted(names), len(names))}"


def set_problem(total: int, missing: int, names: Collection[str]) -> str:
    """The problem of a numbered set of files."""
    return f"is one of {counted(total, 'file')}, of which {missing} are missing: {_listed(names, missing)}"


def _listed(names: Collection[str], total: int) -> str:
    return few_of([f"'{printable(name)}'" for name in list(names)[:SHOWN]], total)


def _beside(index: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(index), name))


def _has_other_weights(
    index: str,
    names: Collection[str],
    missing: Mapping[str, Collection[str]],
    wanted: Mapping[str, Collection[str]],
    paths: Collection[str],
) -> bool:
    """Whether the directory of an index has complete weights of another format."""
    suffixes = {PurePosixPath(name).suffix for name in names}
    directory = posixpath.dirname(index)
    incomplete = {name for other, gone in missing.items() if gone for name in wanted[other]}
    return any(
        posixpath.dirname(path) == directory
        and PurePosixPath(path).suffix in WEIGHTS - suffixes
        and path not in incomplete
        for path in paths
    )
