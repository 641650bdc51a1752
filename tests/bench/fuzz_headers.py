"""Fuzzing of the header parsers with coverage feedback; run by hand, for as long as one likes.

    pip install atheris && python tests/bench/fuzz_headers.py -max_total_time=600 -max_len=65536

`--format gguf` (or another of `sample_files.py`) begins with that one alone and keeps to it.  A finding is any
exception but the ones a parser is built on, a layout that does not cover its file or that no recipe can hold,
a read of more than the parser may ask for, and any run beyond a second or 500 MB (libFuzzer's own limits).
"""

import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from regolo_git.layouts.layout import read_layout
    from regolo_git.records.recipe import Recipe

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.sample_files import SAMPLES, recipe_of

# The longest header that any format reads at once, and what all reads of one file may add up to.
ONE_READ, ALL_READS = 16 << 20, 80 << 20


class Watched(io.BytesIO):
    """A file that says so when more is asked of it than a header may have."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= ONE_READ:
            raise AssertionError(f"a read of {size} bytes")
        self.asked += size
        if self.asked > ALL_READS:
            raise AssertionError("reads without end")
        return super().read(size)


def one_input(data: bytes) -> None:
    items = read_layout(Watched(data), len(data))
    if items is None:
        return
    if sum(item.size for item in items) != len(data) or any(item.size < 0 for item in items):
        raise AssertionError("the items do not cover the file")
    if data:
        recipe = recipe_of(data, items)
        recipe.check_readable()
        if Recipe.parse(recipe.to_bytes()) != recipe:
            raise AssertionError("a recipe that is read back is another")


def main() -> None:
    arguments = list(sys.argv)
    names = list(SAMPLES)
    if "--format" in arguments:
        at = arguments.index("--format")
        names = [arguments[at + 1]]
        del arguments[at : at + 2]
    with tempfile.TemporaryDirectory() as corpus:
        for name in names:
            Path(corpus, name).write_bytes(SAMPLES[name]())
        atheris.Setup([*arguments, "-timeout=1", "-rss_limit_mb=500", corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
