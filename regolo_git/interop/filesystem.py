"""`regolo://MODEL@VERSION/path` for fsspec: the files of versions, read straight from the stores.

pandas, pyarrow and every other library that opens files by fsspec reads them; the entry point is in
pyproject.toml.  Only the chunks that hold what is read are fetched, and every byte is verified.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from glob import escape, has_magic
from pathlib import Path
from typing import Any, NoReturn

from fsspec import AbstractFileSystem
from fsspec.utils import glob_translate

from regolo_git.artifacts.restore.tensors import TensorsFile, matching_tensors
from regolo_git.artifacts.spans import read_runs
from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.git.tag_index import TagRow
from regolo_git.interop.os_errors import PathIsDirectory, PathNotFound, ReadOnly
from regolo_git.interop.remote_source import RemoteSource
from regolo_git.interop.sources import LocalSource, Source, default_cache
from regolo_git.interop.trust import Trust
from regolo_git.interop.version_tree import VersionTree
from regolo_git.interop.versions import Versions
from regolo_git.records.references import version_reference
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text.printable import printable

Info = dict[str, object]
Run = tuple[int, int]  # an offset in an artifact, and a size


class RegoloFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """The versions of a registry as directories, `MODEL@VERSION`; read-only.

    A version is also found as `MODEL@latest` or by an environment.  One that is a single file is a file.
    """

    protocol = "regolo"
    root_marker = ""

    def __init__(
        self,
        repo: str | Path | None = None,
        *,
        registry: str | Path | None = None,
        trust_store: bool | str = False,
        cache: str | Path | None = None,
        **storage_options: object,
    ) -> None:
        """Reads the registry that contains `repo`, by default `REGOLO_REPO` or the working directory.

        With `registry`, the URL of a Git remote, it needs no clone: it keeps one without files in the
        directory `cache`.  `trust_store` confirms the shared store that the registry names, or the one of
        this URL.  Raises InvalidInput if both `repo` and `registry` are given.
        """
        super().__init__(**storage_options)
        self._source = _source(repo, registry, cache, Trust(trust_store))
        self._versions = Versions(self._source)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Has a remote asked for what it has when it is next needed, even if it was asked a moment ago."""
        super().invalidate_cache(path)
        self._source.ask_again()

    # -- what is there ------------------------------------------------------------------------------------

    def info(self, path: str, **_: object) -> Info:
        """The name, size and type of a path; of files their digest, too.

        Raises PathNotFound, InvalidInput, and the errors of the registry and its stores.
        """
        path = self._strip_protocol(path)
        if "@" not in path:
            self._in_namespace(path)  # raises PathNotFound
            return _directory(path)
        version, inner = _split(path)
        return _info(self._versions.tree(version), path, inner)

    def ls(self, path: str, detail: bool = True, **_: object) -> list[Info] | list[str]:
        """What is right below a path, or the file itself; raises as `info` does."""
        path = self._strip_protocol(path)
        found = self._below_version(path) if "@" in path else self._in_namespace(path)
        return found if detail else [str(info["name"]) for info in found]

    def exists(self, path: str, **_: object) -> bool:
        """Whether a path is there; raises the errors of the registry and its stores."""
        return self._type(path) is not None

    def isfile(self, path: str) -> bool:
        """Whether a path is a file; raises as `exists` does."""
        return self._type(path) == "file"

    def isdir(self, path: str) -> bool:
        """Whether a path is a directory; raises as `exists` does."""
        return self._type(path) == "directory"

    def glob(
        self, path: str, maxdepth: int | None = None, *, detail: bool = False, **options: object
    ) -> list[str] | dict[str, Info]:
        """The paths that match a pattern, sorted; with `detail`, what `info` says of each.

        No version is read whose name does not match, so `m@1.*/config.json` asks for those of `m` alone.
        """
        model, at, rest = self._strip_protocol(path).partition("@")
        version, slash, inner = rest.partition("/")
        if not at or maxdepth is not None or not (has_magic(model) or has_magic(version)):
            whole: list[str] | dict[str, Info] = super().glob(path, maxdepth, detail=detail, **options)
            return whole
        found: list[str] = []
        for reference in self._references(model, version):
            found += super().glob(f"{reference}/{inner}", **options) if slash else [reference]
        return {name: self.info(name) for name in found} if detail else found

    def _references(self, model: str, version: str) -> Iterator[str]:
        """The versions whose names match patterns; `latest` and environments are no patterns."""
        index = self._source.current().index
        names, numbers = (re.compile(glob_translate(pattern)) for pattern in (model, version))
        for name in sorted(filter(names.fullmatch, index.model_names())):
            matching = [row.version for row in index.rows(name) if numbers.fullmatch(row.version)]
            yield from (version_reference(name, number) for number in matching)
            if not matching and not has_magic(version):
                yield from filter(self.exists, [f"{name}@{version}"])

    def _type(self, path: str) -> object:
        try:
            return self.info(path)["type"]
        except FileNotFoundError:
            return None

    def _below_version(self, path: str) -> list[Info]:
        version, inner = _split(path)
        tree = self._versions.tree(version)
        info = _info(tree, path, inner)
        if info["type"] == "file":
            return [info]
        return [_info(tree, f"{version}/{below}", below) for below in tree.below(inner)]

    def _in_namespace(self, path: str) -> list[Info]:
        """The versions and directories of models below a path that names no version."""
        handle = self._source.current()
        prefix = f"{path}/" if path else ""
        names = [name for name in handle.index.model_names() if name.startswith(prefix)]
        if path and not names:
            raise _without_version(path)
        first = {name: name[len(prefix) :].partition("/") for name in names}
        directories = sorted({below for below, slash, _ in first.values() if slash})
        rows = (row for name, (_, slash, _) in first.items() if not slash for row in handle.index.rows(name))
        return [*(_directory(f"{prefix}{name}") for name in directories), *map(self._info_of_version, rows)]

    def _info_of_version(self, row: TagRow) -> Info:
        name = version_reference(row.model, row.version)
        artifact = read_tagged_manifest(self._source.handle(), row).artifact
        if artifact.kind == "directory":
            return _directory(name)
        return _file(name, artifact.size, str(artifact.digest))

    # -- reading ------------------------------------------------------------------------------------------

    def _open(self, path: str, mode: str = "rb", **_: object) -> io.BufferedReader:
        if mode != "rb":
            self._refuse(path)
        return self._stored(path)[1].buffered()

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        """The bytes of a file, or those of a slice of it."""
        tree, file = self._stored(path)
        return self._read(tree, [file.run(start, end)])[0]

    def cat(
        self, path: str | list[str], recursive: bool = False, on_error: str = "raise", **_: object
    ) -> bytes | dict[str, bytes | Exception]:
        """The bytes of a file, or of each file that a list, a pattern or (`recursive`) a directory names.

        `on_error` may be "return" for errors in place of bytes, or "omit".
        """
        paths = self.expand_path(path, recursive=recursive)
        if not isinstance(path, list) and paths == [self._strip_protocol(path)]:
            return self.cat_file(paths[0])
        files = [each for each in paths if not (recursive and self.isdir(each))]
        contents = self.cat_ranges(files, None, None, on_error="raise" if on_error == "raise" else "return")
        found = zip(files, contents, strict=True)
        return {name: data for name, data in found if on_error != "omit" or isinstance(data, bytes)}

    def cat_ranges(
        self,
        paths: Sequence[str],
        starts: int | Sequence[int | None] | None,
        ends: int | Sequence[int | None] | None,
        *,
        on_error: str = "return",
        **_: object,
    ) -> list[bytes | Exception]:
        """The bytes of several ranges; those of one version are read together.

        With `on_error="return"`, an error takes the place of the bytes.
        """
        many = [_each(value, len(paths)) for value in (starts, ends)]
        found: list[bytes | Exception] = [b""] * len(paths)
        wanted: dict[VersionTree, list[tuple[int, Run]]] = defaultdict(list)
        for number, path in enumerate(paths):
            try:
                tree, file = self._stored(path)
                wanted[tree].append((number, file.run(many[0][number], many[1][number])))
            except Exception as error:
                if on_error != "return":
                    raise
                found[number] = error
        for tree, each in wanted.items():
            numbers, runs = zip(*each, strict=True)
            contents = self._read(tree, runs) if on_error != "return" else self._read_or_errors(tree, runs)
            for number, content in zip(numbers, contents, strict=True):
                found[number] = content
        return found

    def _read(self, tree: VersionTree, runs: Sequence[Run]) -> list[bytes]:
        return read_runs(self._source.handle().stores, tree.recipe, runs)

    def _read_or_errors(self, tree: VersionTree, runs: Sequence[Run]) -> Sequence[bytes | Exception]:
        """All runs together, or if that fails one by one, to find those that can be read."""
        try:
            return self._read(tree, runs)
        except RegoloError as error:
            if len(runs) == 1:
                return [error]
        return [self._read_or_errors(tree, [run])[0] for run in runs]

    def cat_tensors(self, path: str, names: Sequence[str]) -> bytes:
        """A safetensors file of some tensors, by names or globs, of a file or of all files below a path.

        Raises NotFound if a name matches no tensor, InvalidInput if it matches those of several files.
        """
        version, inner = _split(self._strip_protocol(path))
        tree = self._versions.tree(version)
        _info(tree, path, inner)  # raises PathNotFound
        within = [escape(inner)] if inner and tree.recipe.kind == "directory" else []
        tensors = matching_tensors(tree.recipe, [names] if isinstance(names, str) else names, within)
        content = io.BytesIO()
        TensorsFile(self._source.handle().stores, tree.recipe, tensors).write_to(content.write)
        return content.getvalue()

    def _stored(self, path: str) -> tuple[VersionTree, StoredFile]:
        path = self._strip_protocol(path)
        if "@" not in path:
            self._in_namespace(path)  # raises PathNotFound
            raise _is_directory(path)
        version, inner = _split(path)
        tree = self._versions.tree(version)
        _info(tree, path, inner)  # raises PathNotFound
        number = tree.number(inner)
        if number is None:
            raise _is_directory(path)
        return tree, StoredFile(self._source.handle().stores, tree.recipe, number)

    # -- writing ------------------------------------------------------------------------------------------

    def _refuse(self, path: object, *_: object, **__: object) -> NoReturn:
        text = f"cannot write to '{printable(str(path))}': versions never change"
        raise ReadOnly(text, "git regolo commit MODEL PATH creates a version")

    def _refuse_second(self, _source: object, path: object, *_: object, **__: object) -> NoReturn:
        self._refuse(path)

    mkdir = makedirs = rmdir = rm = rm_file = _rm = touch = pipe_file = mv = _refuse
    put_file = cp_file = _refuse_second


def _source(
    repo: str | Path | None, registry: str | Path | None, cache: str | Path | None, trust: Trust
) -> Source:
    if registry is None:
        return LocalSource(repo, trust)
    if repo is not None:
        raise InvalidInput("a registry is either in a path or at a URL", "pass either repo or registry")
    return RemoteSource(str(registry), Path(cache) if cache else default_cache(), trust)


def _split(path: str) -> tuple[str, str]:
    """The reference to a version, and the path in it: names of models have `/`, and versions have none."""
    at = path.find("@")
    if at < 0:
        raise _without_version(path)
    selector, _, inner = path[at:].partition("/")
    return path[:at] + selector, inner


def _without_version(path: str) -> PathNotFound:
    return PathNotFound(f"'{printable(path)}' names no version", f"use regolo://{path}@latest")


def _info(tree: VersionTree, path: str, inner: str) -> Info:
    file = tree.file(inner)
    if file is not None:
        return _file(path, file.size, str(file.digest))
    if tree.is_directory(inner):
        return _directory(path)
    if tree.recipe.kind == "file":
        raise PathNotFound(f"'{tree.reference}' is a single file", f"use regolo://{tree.reference}")
    raise PathNotFound(f"'{tree.reference}' has no file '{printable(inner)}'")


def _file(name: str, size: int, digest: str) -> Info:
    return {"name": name, "size": size, "type": "file", "digest": digest}


def _directory(name: str) -> Info:
    return {"name": name, "size": 0, "type": "directory"}


def _is_directory(path: str) -> PathIsDirectory:
    return PathIsDirectory(f"'{printable(path)}' is a directory", "add the path of one of its files")


def _each(value: Any, count: int) -> Sequence[int | None]:
    values = list(value) if isinstance(value, list | tuple) else [value] * count
    if len(values) != count:
        raise ValueError(f"{count} paths have {len(values)} starts or ends")
    return values
