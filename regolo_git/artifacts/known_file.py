"""A file's stamp and digest from when it was last read or written."""

from typing import NamedTuple

from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.records.digests import Digest


class KnownFile(NamedTuple):
    """A file as it was last read or written; `member` is its path in the artifact of `recipe`.

    An equal stamp proves that the file is unchanged only if `settled`.  A file that was only read has no
    recipe.
    """

    stamp: FileStamp
    settled: bool
    digest: Digest
    recipe: Digest | None
    member: str

    def is_still(self, stamp: FileStamp | None) -> bool:
        """Whether a file with this stamp certainly has this digest."""
        return self.settled and self.stamp == stamp
