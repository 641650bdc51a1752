"""What is known of a file without reading it: its stamp and digest when it was last read or written."""

from dataclasses import dataclass

from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.records.digests import Digest


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What a file was when it was last read or written: `member` is its path in the artifact of `recipe`.

    The stamp proves that it is still the same only if `settled`.  A file that was only read has no recipe.
    """

    stamp: FileStamp
    settled: bool
    digest: Digest
    recipe: Digest | None
    member: str

    def is_still(self, stamp: FileStamp | None) -> bool:
        """Whether a file with this stamp has this digest for sure."""
        return self.settled and self.stamp == stamp
