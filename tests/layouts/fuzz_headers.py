"""Fuzzing of the header parsers with coverage feedback; run by hand, for as long as one likes.

    pip install atheris && python tests/layouts/fuzz_headers.py -max_total_time=600 -max_len=65536

Any exception but the ones a parser is built on, any layout that does not cover its file, and any run beyond
a second or 500 MB (libFuzzer's own limits) is a finding.
"""

import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from regolo_git.layouts.layout import read_layout


def one_input(data: bytes) -> None:
    items = read_layout(io.BytesIO(data), len(data))
    if items is not None and sum(item.size for item in items) != len(data):
        raise AssertionError("the items do not cover the file")


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from sample_files import SAMPLES

    with tempfile.TemporaryDirectory() as corpus:
        for name, make in SAMPLES.items():
            Path(corpus, name).write_bytes(make())
        atheris.Setup([*sys.argv, "-timeout=1", "-rss_limit_mb=500", corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
