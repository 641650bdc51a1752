"""The digest of an artifact exactly as it is on disk: no link is followed and no file is skipped.

This is stricter than `path_digest.digest_of`, which accepts user input.  Serving checks the digest after a
fetch and, in each worker, before it opens a model.  Workers may run in another interpreter, so this module
imports very little.
"""

import os
from pathlib import Path

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.hints import Hint
from regolo_git.records.digests import Algorithm, Digest, directory_digest, new_hasher

BLOCK = 1 << 20


def check_digest(path: Path, expected: Digest) -> None:
    """Reads all of a file or directory.  Raises NotFound, IntegrityError if the digest differs."""
    if not path.exists():
        raise NotFound(f"the artifact '{path.name}' does not exist")
    found = disk_digest(path, expected.algorithm)
    if found != expected:
        raise IntegrityError(
            f"the artifact '{path.name}' has digest '{found}', not '{expected}'", Hint("fsck")
        )


def disk_digest(path: Path, algorithm: Algorithm) -> Digest:
    """The digest of a file, or of every file of a directory.

    Raises IntegrityError for anything that is neither: an artifact has no links, devices or pipes.
    """
    if path.is_file() and not path.is_symlink():
        return Digest(algorithm, _file_hex(path, algorithm))
    return directory_digest(algorithm, [(name, _file_hex(path / name, algorithm)) for name in _files(path)])


def _files(directory: Path) -> list[str]:
    names = []
    for parent, folders, files in os.walk(directory):
        for name in (*folders, *files):
            found = Path(parent, name)
            if found.is_symlink() or not (found.is_file() or found.is_dir()):
                raise IntegrityError(f"'{name}' in the artifact is neither a file nor a directory")
        names += [Path(parent, name).relative_to(directory).as_posix() for name in files]
    return names


def _file_hex(path: Path, algorithm: Algorithm) -> str:
    hasher = new_hasher(algorithm)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    return hasher.hexdigest()
