"""The sources of an artifact: a file, a directory, bytes, a binary file object, or named arrays.

`open_source` inspects a source and refuses one that cannot be stored faithfully, before a byte is read
(`walk.py` for files on disk, `in_memory.py` for the rest).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from regolo_git.artifacts.source.arrays import ArrayLike
from regolo_git.artifacts.source.in_memory import of_arrays, of_bytes, of_file_object
from regolo_git.artifacts.source.snapshot import Snapshot
from regolo_git.artifacts.source.walk import look, refuse_patterns

ArtifactSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Mapping[str, ArrayLike]
# How to save objects that users try to pass, by their package.
SAVING = {
    "torch": "pass model.state_dict(), or save it with safetensors.torch.save_model(model, PATH)",
    "sklearn": "save it with skops.io.dump(model, PATH) to serve it, or with joblib.dump(model, PATH)",
    "keras": "save it with model.save(PATH)",
    "tensorflow": "save it with model.save(PATH)",
    "xgboost": "save it with model.save_model(PATH)",
    "lightgbm": "save it with model.booster_.save_model(PATH)",
    "transformers": "save it with model.save_pretrained(PATH)",
}


@contextmanager
def open_source(
    source: ArtifactSource, *, scratch: Path | None, exclude: Sequence[str] = ()
) -> Iterator[Snapshot]:
    """A snapshot of a source; file objects are first copied to an unnamed file in `scratch`.

    Patterns in `exclude` leave out files of a directory.

    Raises NotFound for a missing path, InvalidInput for a file that cannot be stored, TypeError for an object
    that is not a source, with advice on how to save it.
    """
    if isinstance(source, str | os.PathLike):
        yield look(Path(source).absolute(), exclude)
        return
    refuse_patterns(exclude)
    if isinstance(source, bytes | bytearray | memoryview):
        yield of_bytes(bytes(source))  # no copy if it is already bytes
    elif isinstance(source, Mapping):
        yield of_arrays(source)
    elif hasattr(source, "read"):
        import tempfile  # noqa: PLC0415 - for data in memory only

        with tempfile.TemporaryFile(dir=scratch, buffering=0) as spool:
            yield of_file_object(source, spool)
    else:
        raise _not_an_artifact(source)


def _not_an_artifact(source: object) -> TypeError:
    kind = type(source)
    packages = {base.__module__.split(".")[0] for base in kind.__mro__}
    how = next((SAVING[name] for name in SAVING if name in packages), "save it to a file")
    return TypeError(
        f"cannot store a {kind.__module__}.{kind.__qualname__}: {how} and pass the path "
        "(model data is a path, bytes, a binary file, or a mapping of names to arrays)"
    )
