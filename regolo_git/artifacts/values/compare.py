"""Compares the values of tensors of two artifacts that are stored: each is read once, and nothing is kept."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from types import ModuleType

from regolo_git.artifacts.progress import OnProgress, Progress, ignore_progress
from regolo_git.artifacts.stored_file import open_all_files
from regolo_git.artifacts.values.difference import Sums, ValueChange
from regolo_git.artifacts.values.types import SIZES, value_type
from regolo_git.errors import MissingDependency
from regolo_git.records.recipe import Recipe, RecipeTensor
from regolo_git.store.store import Store

READ = 4 << 20  # bytes of each version; a multiple of the size of any value
TensorPair = tuple[RecipeTensor, RecipeTensor]


def compare_values(
    store: Store,
    a: Recipe,
    b: Recipe,
    pairs: Sequence[TensorPair],
    on_progress: OnProgress = ignore_progress,
) -> list[ValueChange]:
    """The change of each pair of tensors, which `can_compare`.

    While a block of both is compared, two threads read the next ones.  Raises MissingDependency without
    NumPy, and NotFound, IntegrityError or TransportError for bytes that cannot be read.
    """
    numpy = import_numpy()
    total, done = sum(first.size + second.size for first, second in pairs), 0
    ordered = sorted(range(len(pairs)), key=lambda number: pairs[number][0].offset)
    found: dict[int, ValueChange] = {}
    with ThreadPoolExecutor(2) as threads:
        readers = Reader(store, a, threads), Reader(store, b, threads)
        kind_of = cache(partial(value_type, numpy))
        for number in ordered:
            first, second = pairs[number]
            sums = Sums(numpy, kind_of(first.dtype))
            for one, other in zip(readers[0].blocks(first), readers[1].blocks(second), strict=True):
                sums.add(one, other)
                done += len(one) + len(other)
                on_progress(Progress(done, total))
            found[number] = sums.result()
    return [found[number] for number in range(len(pairs))]


def can_compare(a: RecipeTensor, b: RecipeTensor) -> bool:
    """Whether two tensors have one size and one type that can be computed with."""
    size = SIZES.get(a.dtype)
    return size is not None and a.dtype == b.dtype and a.size == b.size and a.size % size == 0


class Reader:
    """Reads tensors of an artifact in blocks, each in a thread while the block before it is used."""

    def __init__(self, store: Store, recipe: Recipe, threads: ThreadPoolExecutor) -> None:
        self._file = open_all_files(store, recipe)
        self._threads = threads
        self._buffers = [memoryview(bytearray(READ)) for _ in range(2)]

    def blocks(self, tensor: RecipeTensor) -> Iterator[memoryview]:
        """The bytes of a tensor; a block is valid until the next but one is asked for."""
        sizes = [min(READ, tensor.size - start) for start in range(0, tensor.size, READ)]
        self._file.seek(tensor.offset)
        views = (self._buffers[number % 2][:size] for number, size in enumerate(sizes))
        filled = (self._threads.submit(self._fill, view) for view in views)
        following = next(filled, None)
        while following is not None:
            block = following.result()
            following = next(filled, None)
            yield block

    def _fill(self, block: memoryview) -> memoryview:
        filled = 0
        while filled < len(block):  # a read ends with its chunk
            count = self._file.readinto(block[filled:])
            assert count, "a recipe has no tensor past its end"
            filled += count
        return block


def import_numpy() -> ModuleType:
    """NumPy.  Raises MissingDependency."""
    try:
        import numpy  # noqa: PLC0415, ICN001 - an extra
    except ImportError as error:
        raise MissingDependency(
            "comparing values needs 'numpy', which is not installed", "pip install 'regolo-git[values]'"
        ) from error
    return numpy
