"""What the Git library does in this process: how it writes, and how much memory it takes."""

import pygit2
from pygit2.enums import Option

from regolo_git.git.settings import follow_home

CACHE_BYTES = 32_000_000
WINDOW_BYTES = 16 << 20


def set_up_library() -> None:
    """Sets the options of the library; it takes no harm from a second time."""
    # Objects must be on the disk before a ref names them.
    pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)
    # Of objects that were read; the default of 256 MB does little for the walk of a large registry.
    pygit2.option(Option.SET_CACHE_MAX_SIZE, CACHE_BYTES)
    # Of packs that are mapped; otherwise all that was read of them counts as memory of the process.
    pygit2.option(Option.SET_MWINDOW_SIZE, WINDOW_BYTES)
    pygit2.option(Option.SET_MWINDOW_MAPPED_LIMIT, 4 * WINDOW_BYTES)
    follow_home()
