"""What a version can be made of: a file, a directory, bytes, a binary file object, or named arrays.

`open_source` looks at everything once and refuses what cannot be stored faithfully, before a byte is read.
Links to files are followed, because the caches of model hubs are made of them; links to directories are not,
because they can lead anywhere.
"""

import io
import os
import shlex
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Literal

from regolo_git.artifacts.source.arrays import ArrayLike, ArraysFile
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.records.names import check_artifact_path
from regolo_git.text.printable import printable

ArtifactSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Mapping[str, ArrayLike]
RawFile = io.RawIOBase | io.BytesIO
MEMORY_MODE = 0o644
SPOOL_STEP = 1 << 20
# What a killed checkout may have left in a directory is no part of the artifact.
STAGING_PREFIX = ".regolo-checkout-"
# Beyond it, and long before a path is too long for the system, programs that go down step by step give up.
DEPTH_LIMIT = 255
AGAIN = "wait until nothing writes to it, then do it again"
# How to save what people try to pass, by the package that it comes from.
SAVING = {
    "torch": "pass model.state_dict(), or save it with safetensors.torch.save_model(model, PATH)",
    "sklearn": "save it with joblib.dump(model, PATH) or skops.io.dump(model, PATH)",
    "keras": "save it with model.save(PATH)",
    "tensorflow": "save it with model.save(PATH)",
    "xgboost": "save it with model.save_model(PATH)",
    "lightgbm": "save it with model.booster_.save_model(PATH)",
    "transformers": "save it with model.save_pretrained(PATH)",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source: its path in the artifact (empty for a single file), permissions and size.

    `location` and `stamp` say where it lies on disk and what it looked like; None for what is in memory.
    """

    path: str
    mode: int
    size: int
    location: Path | None
    stamp: FileStamp | None
    opener: Callable[[], RawFile]

    @contextmanager
    def opened(self) -> Iterator[RawFile]:
        """The file, unbuffered; Conflict where it is not, or no longer when the block ends, what was seen."""
        try:
            file = self.opener()
        except FileNotFoundError:
            raise self.changed() from None
        except OSError as error:
            raise InvalidInput(f"'{self.name}' cannot be read: {error.strerror}") from error
        try:
            self._compare(file)
            yield file
            self._compare(file)
        finally:
            if self.location is not None:
                file.close()  # those in memory are the caller's

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return printable(str(self.location)) if self.location else self.path or "the data"

    def changed(self) -> Conflict:
        """The error that it changed."""
        return Conflict(f"'{self.name}' changed while it was being read", AGAIN)

    def _compare(self, file: RawFile) -> None:
        if self.stamp is not None and FileStamp.of(os.fstat(file.fileno())) != self.stamp:
            raise self.changed()


@dataclass(frozen=True, slots=True)
class Source:
    """An artifact to be: its files in the order of their paths, and where and when they were looked at."""

    kind: Literal["file", "directory"]
    files: tuple[SourceFile, ...]
    location: Path | None
    looked_at_ns: int

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def check_unchanged(self) -> None:
        """Looks again.  Raises Conflict where a file was added, taken away, replaced or written to."""
        if self.location is None:
            return
        try:
            now = _look(self.location)
        except (NotFound, InvalidInput) as error:
            raise Conflict(f"'{self.location}' changed while it was being read", AGAIN) from error
        before = {file.path: (file.stamp, file.mode) for file in self.files}
        after = {file.path: (file.stamp, file.mode) for file in now.files}
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        if changed:
            name = printable(str(self.location / min(changed)))
            raise Conflict(f"'{name}' changed while it was being read", AGAIN)


@contextmanager
def open_source(source: ArtifactSource, *, scratch: Path | None) -> Iterator[Source]:
    """A source, looked at; file objects are first copied to an unnamed file in `scratch`.

    Raises NotFound for a missing path, InvalidInput naming what cannot be stored, TypeError for anything
    else than an artifact, saying how to save it.
    """
    if isinstance(source, str | os.PathLike):
        yield _look(Path(source).absolute())
    elif isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)  # the same object if it is bytes already, else as it is now
        yield _in_memory(len(data), lambda: io.BytesIO(data))
    elif isinstance(source, Mapping):
        arrays = ArraysFile(_checked_arrays(source))
        yield _in_memory(arrays.size, lambda: arrays)
    elif hasattr(source, "read"):
        with tempfile.TemporaryFile(dir=scratch, buffering=0) as spool:
            size = _spool(source, spool)
            yield _in_memory(size, lambda: spool)
    else:
        raise _not_an_artifact(source)


def _in_memory(size: int, opener: Callable[[], RawFile]) -> Source:
    return Source("file", (SourceFile("", MEMORY_MODE, size, None, None, opener),), None, time.time_ns())


def _spool(source: IO[bytes] | IO[str], spool: io.RawIOBase) -> int:
    size = 0
    while data := source.read(SPOOL_STEP):
        if isinstance(data, str):
            raise TypeError("the file object gives text: open it in binary mode, open(path, 'rb')")
        size += len(data)
        while data:
            data = data[spool.write(data) or 0 :]
    return size


def _checked_arrays(arrays: Mapping[str, ArrayLike]) -> Mapping[str, ArrayLike]:
    if not arrays:
        raise InvalidInput("there are no arrays to store")
    entries: Iterable[tuple[object, object]] = arrays.items()  # whatever the annotations say
    for name, array in entries:
        if not isinstance(name, str):
            raise TypeError(f"the names of arrays are text, not {name!r}")
        if name == "__metadata__" or not name.isprintable():
            raise InvalidInput(f"array name '{printable(name)}' cannot be used")
        if not isinstance(array, ArrayLike) and not hasattr(array, "detach"):
            what = f"{type(array).__module__}.{type(array).__qualname__}"
            raise TypeError(f"'{name}' is a {what}, not an array: save the model to a file and pass its path")
    return arrays


def _not_an_artifact(source: object) -> TypeError:
    kind = type(source)
    packages = {base.__module__.split(".")[0] for base in kind.__mro__}
    how = next((SAVING[name] for name in SAVING if name in packages), "save it to a file")
    return TypeError(
        f"a {kind.__module__}.{kind.__qualname__} cannot be stored as it is: {how}, and pass the path "
        "(model data is a path, bytes, a binary file, or a mapping of names to arrays)"
    )


# -- files and directories --------------------------------------------------------------------------------


def _look(path: Path) -> Source:
    now = time.time_ns()
    status = status_of(path)
    if not stat.S_ISDIR(status.st_mode):
        return Source("file", (_file(path, "", status),), path, now)
    found = sorted(_walk(path, ""), key=lambda file: file.path.encode())
    if not found:
        raise InvalidInput(f"directory '{printable(str(path))}' holds no files")
    return Source("directory", tuple(found), path, now)


def status_of(path: Path) -> os.stat_result:
    """The status of what is at a path, links followed.  Raises NotFound, InvalidInput."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        raise InvalidInput(f"'{printable(str(path))}' cannot be read: {error.strerror}") from error


def _missing(path: Path) -> NotFound | InvalidInput:
    shown = printable(str(path))
    if path.is_symlink():
        return InvalidInput(f"'{shown}' is a link to something that is not there")
    return NotFound(f"there is nothing at '{shown}'")


def _walk(top: Path, prefix: str) -> Iterator[SourceFile]:
    directory = top / prefix
    if prefix.count("/") >= DEPTH_LIMIT:
        raise InvalidInput(
            f"'{printable(str(directory))[:80]}…' lies more than {DEPTH_LIMIT} directories deep"
        )
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        shown = printable(str(directory))
        raise InvalidInput(
            f"'{shown}' cannot be read: {error.strerror}", f"chmod u+rx {shlex.quote(shown)}"
        ) from error
    for entry in entries:
        if entry.name.startswith(STAGING_PREFIX):
            continue
        path = check_artifact_path(f"{prefix}/{entry.name}" if prefix else entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(top, path)
            continue
        try:
            status = entry.stat()
        except OSError:
            raise _missing(Path(entry.path)) from None
        yield _file(Path(entry.path), path, status)


def _file(location: Path, path: str, status: os.stat_result) -> SourceFile:
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput(f"'{printable(str(location))}' is {_kind(status.st_mode)}, which cannot be stored")
    if not os.access(location, os.R_OK):
        shown = printable(str(location))
        raise InvalidInput(f"'{shown}' cannot be read", f"chmod u+r {shlex.quote(shown)}")

    def opener() -> RawFile:
        return location.open("rb", buffering=0)

    mode = stat.S_IMODE(status.st_mode) & 0o777
    return SourceFile(path, mode, status.st_size, location, FileStamp.of(status), opener)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a link to a directory",
        stat.S_IFSOCK: "a socket",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "no ordinary file")
