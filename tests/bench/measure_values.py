"""How fast `diff --values` is for each type of tensor, beside reading both versions alone, and in what memory.

    python tests/bench/measure_values.py WORK [--size MIB] [--types F32,BF16]

A model of one type is stored in two versions of which every value differs.  Rates are bytes of both versions a
second, the best of three.  Fails if a process takes more than 200 MiB.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

LIMIT_MIB = 200
HEADER_ALIGN = 8
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4, "I8": 1, "BOOL": 1}
PROGRAM = """
import sys, time
from regolo_git.artifacts.values.compare import compare_values
from regolo_git.api import Registry
from regolo_git.store.store import find_recipe
with Registry.open(sys.argv[1]) as registry:
    store = registry.handle.stores
    manifests = [registry.get_model_version("m", version).manifest for version in ("1.0", "1.1")]
    a, b = (find_recipe(registry.handle.store, manifest.artifact.recipe) for manifest in manifests)
    size = a.size + b.size
    pairs = list(zip(a.tensors, b.tensors))
    def read():
        view = memoryview(bytearray(16 << 20))
        for recipe in (a, b):
            for chunk in recipe.chunks:
                store.read_chunk_into(chunk.blake3, view[:chunk.size])
    def best(call):
        times = []
        for _ in range(3):
            start = time.perf_counter(), time.process_time()
            call()
            times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        return [size / 1e6 / min(column) for column in zip(*times)]
    alone = best(read)
    values = best(lambda: compare_values(store, a, b, pairs))
    # Not ru_maxrss, which a process takes over from the one that starts it.
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(*(round(rate) for rate in (*alone, *values)), int(peak.split()[1]) // 1024)
"""


def write(path: Path, dtype: str, size: int, seed: int) -> None:
    """A safetensors file of eight tensors of one type, without bits that are NaN or infinite."""
    generator = np.random.default_rng(seed)
    each = size // 8
    count = each // SIZES[dtype]
    header = {
        f"w{number}": {"dtype": dtype, "shape": [count], "data_offsets": [number * each, (number + 1) * each]}
        for number in range(8)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % HEADER_ALIGN)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(8):
            file.write(values(dtype, count, generator).tobytes())


def values(dtype: str, count: int, generator: np.random.Generator) -> "np.ndarray":
    """Values of a type, as bits of the same size."""
    if dtype in ("F64", "F32", "F16"):
        return generator.standard_normal(count, "f4").astype(f"<f{SIZES[dtype]}")
    if dtype == "BF16":
        return (generator.standard_normal(count, "f4").view("<u4") >> 16).astype("<u2")
    return generator.integers(0, 2 if dtype == "BOOL" else 100, count).astype(f"<u{SIZES[dtype]}")


def measure(work: Path, dtype: str, size: int) -> list[int]:
    """Rates of reading alone and of comparing, each by the clock and by CPU, and the peak memory in MiB."""
    directory = Path(tempfile.mkdtemp(dir=work))
    try:
        run = [sys.executable, "-m", "regolo_git", "-C", str(directory)]
        subprocess.run(["git", "init", "-q", "-b", "main", directory], check=True)
        for setting in ("user.name=Ada Byron", "user.email=ada@example.com"):
            subprocess.run(["git", "-C", directory, "config", *setting.split("=")], check=True)
        subprocess.run([*run, "init", "-q"], check=True, capture_output=True)
        for seed, command in enumerate(("register", "commit")):
            write(directory / "m.safetensors", dtype, size, seed)
            subprocess.run([*run, command, "m", "m.safetensors"], check=True, capture_output=True)
        line = [sys.executable, "-c", PROGRAM, str(directory)]
        done = subprocess.run(line, check=True, capture_output=True, text=True)
        return list(map(int, done.stdout.split()))
    finally:
        shutil.rmtree(directory)


def main() -> int:
    """Exits with 1 if a process took too much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--size", type=int, default=256, help="MiB of each version")
    parser.add_argument("--types", default=",".join(SIZES))
    given = parser.parse_args()
    print("| type | reading, MB/s | by CPU | comparing, MB/s | by CPU | peak, MiB |")
    print("| --- | --: | --: | --: | --: | --: |")
    most = 0
    for dtype in given.types.split(","):
        figures = measure(given.work, dtype, given.size << 20)
        print(f"| {dtype} | {' | '.join(map(str, figures))} |", flush=True)
        most = max(most, figures[-1])
    return 1 if most > LIMIT_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
