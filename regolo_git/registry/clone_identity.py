"""Which clone this is, by a random id that the records in a shared store name it by.

A copy of a clone (`cp -r`) has the same configuration, but is another clone: what one of them keeps, the
other does not.  So the id is kept with the place that it is for, and a copy, which is at another path in
another directory, gets one of its own.  A clone that is moved, or restored from a backup, keeps its id.
"""

from typing import NamedTuple

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.own_settings import add_own_value, own_values
from regolo_git.system_calls import random_name

SETTING = "regolo.clone"  # ID DEVICE:INODE PATH, once for each place where this configuration has been
FORMER_SETTING = "regolo.cloneId"  # the id alone


class _Place(NamedTuple):
    directory: str
    path: str


def clone_id(paths: RepositoryPaths) -> str:
    """The id of this clone; a new one if it has none."""
    status = paths.common_dir.stat()
    here = _Place(f"{status.st_dev}:{status.st_ino}", str(paths.common_dir.resolve()))
    found = _known(paths, here)
    if found is None:
        former = own_values(paths, FORMER_SETTING) if not own_values(paths, SETTING) else []
        name = former[0] if former else random_name(16)
        add_own_value(paths, SETTING, f"{name} {here.directory} {here.path}")
        found = _known(paths, here)  # another process may have been first
    assert found is not None
    return found


def _known(paths: RepositoryPaths, here: _Place) -> str | None:
    by_path = None
    for value in own_values(paths, SETTING):
        name, directory, path = [*value.split(" ", 2), "", ""][:3]
        if directory == here.directory:
            return name
        if path == here.path and by_path is None:
            by_path = name
    return by_path
