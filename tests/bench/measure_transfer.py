"""Measures the peak memory of storing, sending and receiving artifacts of several sizes, and holds its bars.

    python measure_transfer.py WORK [--sizes 100,2000] [--store URL] [--growth 1.2] [--most MIB]

Each step runs in a process of its own, because a process begins with the peak of the one that starts it; each
size has a store of its own, below URL (default: a directory in WORK).  The artifacts are tensors of 32 MiB, so
their chunks are the largest there are.  The exit status is 1 if the peak of a larger artifact is more than
`--growth` times that of the first and what may be in flight, of which a fast disk or a short transfer leaves less
in memory; or if any is more than `--most` MiB.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from struct import pack

import regolo_git
from regolo_git.artifacts.transfer.in_flight import BUDGET
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore

TENSOR = 32 << 20
STEP = """
import resource, sys
from pathlib import Path
from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.artifacts.transfer.send import send
from regolo_git.records.digests import Digest
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore
verb, local, *given = sys.argv[1:]
store = LooseStore.open(local)
if verb == "ingest":
    print(ingest(store, Path(given[0])).artifact.recipe)
else:
    shared, address = SharedStore.open(files_at(given[0])), Digest.parse(given[1])
    if verb == "send":
        send(store, shared, [address])
    else:
        receive(shared, store, shared.read_recipe(address))
unit = 1024 if sys.platform == "darwin" else 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit // 1024)
"""


@dataclass(frozen=True)
class Peak:
    """The peak memory in MiB of one step with so many megabytes, and its seconds."""

    verb: str
    size: int
    mib: int
    seconds: float


def main() -> int:
    arguments = _arguments()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    peaks = [peak for size in sizes for peak in _measure(arguments.work, size, arguments.store)]
    for peak in peaks:
        print(f"{peak.verb:8} {peak.size:6} MB {peak.mib:5} MiB {peak.seconds:6.1f} s")
    first = {peak.verb: peak.mib for peak in reversed(peaks)}
    missed = [
        peak
        for peak in peaks
        if peak.mib > first[peak.verb] * arguments.growth + (BUDGET >> 20)
        or peak.mib > (arguments.most or peak.mib)
    ]
    for peak in missed:
        print(f"too much: {peak}", file=sys.stderr)
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sizes", default="100,2000", help="megabytes")
    parser.add_argument("--store", help="the URL below which the shared stores are created")
    parser.add_argument("--growth", type=float, default=1.2)
    parser.add_argument("--most", type=int, help="MiB of any step")
    return parser.parse_args()


def _measure(work: Path, size: int, store: str | None) -> list[Peak]:
    """Stores an artifact of this size, sends it, and receives it in another clone."""
    place = work / f"transfer-{size}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    url = f"{store}/{time.time_ns()}" if store else str(place / "shared")
    try:
        for name in ("local", "other"):
            LooseStore.open_or_create(str(place / name))
        SharedStore.create(files_at(url))
        model = _write_model(place / "model.safetensors", size)
        ingested, recipe = _step("ingest", size, place / "local", str(model))
        model.unlink()
        steps = {"send": "local", "receive": "other"}.items()
        return [ingested, *(_step(verb, size, place / name, url, recipe)[0] for verb, name in steps)]
    finally:
        shutil.rmtree(place)


def _write_model(path: Path, size: int) -> Path:
    """A safetensors file of tensors of noise."""
    count = -(-size * 1_000_000 // TENSOR)  # not less than was asked for
    entries = {
        f"t{number}": {
            "dtype": "U8",
            "shape": [TENSOR],
            "data_offsets": [number * TENSOR, (number + 1) * TENSOR],
        }
        for number in range(count)
    }
    header = json.dumps(entries).encode()
    with path.open("wb") as file, Path("/dev/urandom").open("rb") as noise:
        file.write(pack("<Q", len(header)) + header)
        for _ in range(count):
            file.write(noise.read(TENSOR))
    return path


def _step(verb: str, size: int, local: Path, *given: str) -> tuple[Peak, str]:
    """What one step took, and the first line that it printed."""
    begun = time.monotonic()
    command = [sys.executable, "-c", STEP, verb, str(local), *given]
    top = Path(regolo_git.__file__).parents[1]
    done = subprocess.run(command, cwd=top, check=True, stdout=subprocess.PIPE, text=True)
    first, *_, last = (*done.stdout.split(), *done.stdout.split())
    return Peak(verb, size, int(last), time.monotonic() - begun), first


if __name__ == "__main__":
    sys.exit(main())
