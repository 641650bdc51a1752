"""One file of an artifact as a stream: every chunk is verified before its bytes are passed on.

The digest of the whole file is known only at the end; if it is wrong, the error comes after the bytes.
"""

from collections.abc import Callable, Sequence

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.rebuild import Fetch, chunks_of, fetch_nothing, rebuild
from regolo_git.artifacts.restore.materialize import matching_files
from regolo_git.artifacts.thread_pool import ThreadPool
from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Artifact
from regolo_git.store.store import Store
from regolo_git.text.numbers import counted


def stream_file(
    store: Store,
    artifact: Artifact,
    deliver: Callable[[memoryview], object],
    *,
    patterns: Sequence[str] = (),
    fetch: Fetch = fetch_nothing,
    on_progress: OnProgress = ignore_progress,
) -> int:
    """Passes the bytes of the one file that the patterns select to `deliver`, in order; returns their number.

    Raises NotFound, IntegrityError, InvalidInput for more than one file, and any error of `deliver`, which is
    called from another thread.  `fetch` is called with the chunks of the file before.
    """
    recipe = read_checked_recipe(store, artifact)
    numbers = matching_files(recipe, patterns)
    if len(numbers) != 1:
        raise InvalidInput(
            f"only one file can be written to a stream, not {counted(len(numbers), 'file')}",
            "select one with --path FILE",
        )
    fetch(recipe, chunks_of(recipe, numbers))
    with ThreadPool(store.connections) as pool:
        rebuild(
            store,
            recipe,
            numbers,
            pool,
            write=None,
            deliver=deliver,
            check_digests=True,
            on_progress=on_progress,
        )
    return recipe.files[numbers[0]].size
