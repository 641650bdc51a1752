"""Merges the records of two branches, as git asks its merge drivers to.

What cannot be merged by key is merged by lines, as git would do without this program.
"""

from pathlib import Path

from regolo_git.errors import IntegrityError
from regolo_git.git.merge_file import merge_file
from regolo_git.records.merge import merge_records
from regolo_git.records.toml_statements import Unmergeable


def merge_files(base: Path, ours: Path, theirs: Path, *, path: str, marker_size: int) -> int:
    """Merges three states of the record at `path` into `ours`; 0, or 1 if there are conflicts.

    Raises OSError if a file cannot be read or written.
    """
    try:
        texts = [file.read_bytes().decode() for file in (base, ours, theirs)]
        merged = merge_records(path, *texts, marker_size=marker_size)
    except (UnicodeDecodeError, IntegrityError, Unmergeable):
        return merge_file(base, ours, theirs, marker_size=marker_size)
    ours.write_bytes(merged.text.encode())
    return 1 if merged.conflicts else 0
