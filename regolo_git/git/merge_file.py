"""Git's own merge of three files, line by line."""

import subprocess
from pathlib import Path

from regolo_git.errors import MissingDependency
from regolo_git.git.environment import git_program


def merge_file(base: Path, ours: Path, theirs: Path, *, marker_size: int) -> int:
    """Merges into `ours`, with markers around conflicts; 0 if there are none, else 1.

    Files that git does not merge, such as binary ones, stay as they are, and are a conflict.
    """
    try:
        command = [git_program(), "merge-file", f"--marker-size={marker_size}"]
    except MissingDependency:
        return 1
    labels = ["-L", "ours", "-L", "base", "-L", "theirs"]
    done = subprocess.run([*command, *labels, ours, base, theirs], capture_output=True, check=False)
    return 0 if done.returncode == 0 else 1
