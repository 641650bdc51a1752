"""Loads every file of a directory, each in a child and a directory of its own; prints those that ran something.

A program of its own, so that nothing hostile is loaded by the tests' process: `python load_hostile.py DIRECTORY`,
with `loader-number` as the names of the files.
"""

import contextlib
import gzip
import importlib
import io
import lzma
import os
import pickle
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path


def load_all(data: bytes) -> None:
    file = io.BytesIO(data)
    while True:
        pickle.load(file)


def load_five(data: bytes) -> None:
    file = io.BytesIO(data)
    for _ in range(5):
        pickle.load(file)


def load_zip(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            with contextlib.suppress(Exception):
                content = archive.read(name)
                if name.endswith(".zip"):
                    load_zip(content)
                elif name.endswith(".npy"):
                    load_numpy(content)
                else:
                    pickle.loads(content)


def load_tar(data: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            with contextlib.suppress(Exception):
                pickle.loads(archive.extractfile(member).read())


def load_numpy(data: bytes) -> None:
    import numpy as np

    np.load(io.BytesIO(data), allow_pickle=True)


def load_arrays(data: bytes) -> None:
    import numpy as np

    file = io.BytesIO(data)
    while True:
        np.load(file, allow_pickle=True)


def load_npz(data: bytes) -> None:
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=True) as arrays:
        for name in arrays:
            with contextlib.suppress(Exception):
                arrays[name]


def load_joblib(data: bytes) -> None:
    import joblib

    Path("model").write_bytes(data)
    joblib.load("model")


LOADERS = {
    "pickle": pickle.loads,
    "file": lambda data: pickle.load(io.BytesIO(data)),
    "all": load_all,
    "five": load_five,
    "zip": load_zip,
    "zip of arrays": load_zip,
    "tar": load_tar,
    "gzip": lambda data: pickle.loads(gzip.decompress(data)),
    "lzma": lambda data: pickle.loads(lzma.decompress(data)),
    "zlib": lambda data: pickle.loads(zlib.decompress(data)),
    "numpy": load_numpy,
    "arrays": load_arrays,
    "npz": load_npz,
    "joblib": load_joblib,
}


def ran(path: Path) -> bool:
    loader = LOADERS[path.name.rpartition("-")[0]]
    with tempfile.TemporaryDirectory() as directory:
        child = os.fork()
        if child == 0:
            os.chdir(directory)
            quiet = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(quiet, number)
            try:
                loader(path.read_bytes())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        for _ in range(40):  # a process that it started may still be about to create the file
            if Path(directory, "ran").exists():
                return True
            os.sched_yield()
            __import__("time").sleep(0.05)
        return False


if __name__ == "__main__":
    importlib.import_module("joblib")  # with NumPy, once for all children
    for path in sorted(Path(sys.argv[1]).iterdir()):
        if ran(path):
            print(path.name)
