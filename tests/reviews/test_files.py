"""Files are told apart by size and digest."""

from regolo_git.records.digests import Digest
from regolo_git.records.manifest import FileEntry
from regolo_git.reviews.files import FileChange, compare_files


def entry(size: int, fill: str = "a") -> FileEntry:
    return FileEntry(size, Digest("sha256", fill * 64))


def test_files_are_added_removed_and_changed_in_the_order_of_their_paths() -> None:
    before = {"same": entry(1), "gone": entry(2), "other": entry(3), "bytes": entry(4)}
    after = {"same": entry(1), "other": entry(5), "bytes": entry(4, "b"), "added": entry(6)}
    assert compare_files(before, after) == (
        FileChange("added", "added", None, 6),
        FileChange("bytes", "changed", 4, 4),
        FileChange("gone", "removed", 2, None),
        FileChange("other", "changed", 3, 5),
    )
