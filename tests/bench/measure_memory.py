"""Measures the peak memory of commands on models of several sizes, and holds their growth.

    python measure_memory.py WORK [--sizes 100,1000] [--web] [--growth 1.2]

For each size: `push` to a store in a directory, and from it `clone`, `checkout` of a version that is not here,
`pull` of the next one, `fsck --full`, and `fsck --shared --full`.  With `--web`, everything after the push
reads the store from nginx.  The exit status is 1 if the peak of a larger model is more than `--growth` times
that of the first.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from struct import pack
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.git_program import git, new_repository
from support.servers.nginx import running_nginx

TENSOR = 32 << 20
TOP = Path(__file__).parents[2]


class Peak(NamedTuple):
    """The peak memory in MiB of a command on so many megabytes, and its seconds."""

    command: str
    size: int
    mib: int
    seconds: float


def main() -> int:
    arguments = _arguments()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    first: dict[str, int] = {}
    missed = 0
    for size in sizes:
        place = arguments.work / f"memory-{size}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        try:
            for peak in _measure(place, size, web=arguments.web):
                growth = peak.mib / first.setdefault(peak.command, peak.mib)
                missed += growth > arguments.growth
                print(f"{peak.command:24} {size:6} MB {peak.mib:5} MiB {growth:5.2f} x {peak.seconds:6.1f} s")
        finally:
            shutil.rmtree(place)
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sizes", default="100,1000", help="megabytes")
    parser.add_argument("--web", action="store_true", help="read the store from nginx")
    parser.add_argument("--growth", type=float, default=1.2)
    return parser.parse_args()


def _measure(place: Path, size: int, *, web: bool) -> Iterator[Peak]:
    """Two clones of a host, of which one pushes two versions, and the other reads them."""
    ours, theirs, host = place / "ours", place / "theirs", place / "host.git"
    with ExitStack() as stack:
        server = stack.enter_context(running_nginx(place)) if web else None
        store = (server.root if server else place) / "team"
        ours.mkdir()
        new_repository(ours)
        _identify(ours)
        git(place, "init", "-q", "--bare", "-b", "main", str(host))
        git(ours, "remote", "add", "origin", str(host))
        _run(ours, size, "init", "--store", str(store))
        _write_model(ours / "m.safetensors", size)
        _run(ours, size, "register", "m", "m.safetensors")
        yield _run(ours, size, "push", "--yes")
        if server is not None:
            _run(ours, size, "config", "store.url", f"{server.url}/team")
            git(ours, "push", "-q", "origin", "main")
            _run(ours, size, "remote", "add", "upload", str(store))
        yield _run(place, size, "clone", "--yes", str(host), str(theirs))
        _identify(theirs)
        _run(ours, size, "evict", "m@1.0", "--yes")  # 8 GB need 56 GB of disk as it is
        _write_model(ours / "m.safetensors", size)
        _run(ours, size, "commit", "m", "m.safetensors")
        (ours / "m.safetensors").unlink()
        _run(ours, size, "push")
        _run(ours, size, "evict", "m", "--yes")
        yield _run(theirs, size, "pull")
        yield _run(theirs, size, "fsck", "--full")
        yield _run(theirs, size, "fsck", "--shared", "--full")
        _run(theirs, size, "evict", "m@1.0", "--yes")
        yield _run(theirs, size, "checkout", "m@1.0")


def _identify(top: Path) -> None:
    for key, value in {"user.name": "Ada Byron", "user.email": "ada@example.com"}.items():
        git(top, "config", key, value)


def _write_model(path: Path, size: int) -> None:
    """A safetensors file of tensors of noise."""
    count = -(-size * 1_000_000 // TENSOR)
    starts = [number * TENSOR for number in range(count)]
    entries = {
        f"t{start}": {"dtype": "U8", "shape": [TENSOR], "data_offsets": [start, start + TENSOR]}
        for start in starts
    }
    header = json.dumps(entries).encode()
    with path.open("wb") as file, Path("/dev/urandom").open("rb") as noise:
        file.write(pack("<Q", len(header)) + header)
        for _ in starts:
            file.write(noise.read(TENSOR))


def _run(top: Path, size: int, *arguments: str) -> Peak:
    """Runs a command that must succeed."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "regolo_git", "-C", str(top), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    child = os.posix_spawn(sys.executable, command, environment, file_actions=silent)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"{arguments} failed with {os.waitstatus_to_exitcode(status)}")
    unit = 1024 if sys.platform == "darwin" else 1
    shown = " ".join(word for word in arguments if word.isalpha() or word.startswith("--"))
    return Peak(shown, size, usage.ru_maxrss // unit // 1024, time.monotonic() - begun)


if __name__ == "__main__":
    sys.exit(main())
