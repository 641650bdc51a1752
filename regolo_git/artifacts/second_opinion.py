"""What another program says about a file with pickles: modelaudit-picklescan, if it is installed.

It looks for what is harmful, where `layouts/pickle_names.py` names everything, and it calls many harmless
files suspicious: its findings are shown beside our own, and decide nothing.
"""

import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, NamedTuple

PACKAGE = "modelaudit_picklescan"
SIZE_LIMIT = 100 << 20  # bytes, from which on it reads a part only
SECONDS = 30.0
BLOCK = 1 << 20
FINDINGS = 20


class Opinion(NamedTuple):
    """A verdict ("clean", "suspicious", "malicious", "unknown") and the findings in its words."""

    verdict: str
    findings: tuple[str, ...] = ()


def is_installed() -> bool:
    """Whether the program can be asked."""
    return find_spec(PACKAGE) is not None


def second_opinion(file: BinaryIO, start: int, size: int) -> Opinion:
    """What it says about `size` bytes of a file from `start` on.  Raises what reading the file raises."""
    if size > SIZE_LIMIT:
        return Opinion("unknown", ("the file is too large to be scanned",))
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "file"
        file.seek(start)
        with copy.open("wb") as written:
            while size > 0 and (data := file.read(min(BLOCK, size))):
                written.write(data)
                size -= len(data)
        return _scanned(copy)


def _scanned(path: Path) -> Opinion:
    scanner = import_module(PACKAGE)
    options = scanner.ScanOptions(timeout_s=SECONDS)
    # Its call graph reads the source of installed packages, which takes seconds.
    report = scanner.scan_file(path, options=options, enrich_call_graph=False)
    messages = [*report.findings, *report.errors]
    return Opinion(str(report.verdict.value), tuple(str(one.message) for one in messages[:FINDINGS]))
