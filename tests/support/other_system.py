"""A system that lacks what only Linux has: taken away in a process of its own, before anything is imported."""

import subprocess
from pathlib import Path

from support.program import run_python

# Removed from the modules of the standard library, as they are missing elsewhere.
ONLY_LINUX = {
    "os": [
        "O_TMPFILE", "O_DIRECT", "O_PATH", "O_NOATIME", "copy_file_range", "sendfile", "splice", "posix_fadvise",
        "posix_fallocate", "memfd_create", "pidfd_open", "eventfd", "sched_getaffinity", "sched_setaffinity",
        "fdatasync", "getxattr", "setxattr", "listxattr", "removexattr", "getrandom", "unshare", "setns",
    ],
    "mmap": ["MADV_HUGEPAGE", "MADV_NOHUGEPAGE", "MADV_DONTFORK", "MAP_POPULATE"],
    "fcntl": ["F_OFD_SETLK", "F_OFD_SETLKW", "F_OFD_GETLK", "F_SETPIPE_SZ", "F_ADD_SEALS", "F_NOTIFY"],
    "errno": [],
}  # fmt: skip
PRELUDE = f"""
import builtins, ctypes, importlib, os, pathlib, sys
for module, names in {ONLY_LINUX!r}.items():
    for name in names:
        if hasattr(importlib.import_module(module), name):
            delattr(importlib.import_module(module), name)
class Library:
    def __init__(self, *_):
        pass
ctypes.CDLL = Library                       # no call of the C library by name
sys.platform = "darwin"
real_open, real_read = os.open, builtins.open
def without_proc(function):
    def call(path, *more, **keywords):
        if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", os.fspath(path))
        return function(path, *more, **keywords)
    return call
os.open, builtins.open = without_proc(real_open), without_proc(real_read)
os.supports_dir_fd.add(os.open)
"""


def run_elsewhere(top: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Runs Python on such a system, in a directory; raises CalledProcessError if it fails."""
    return run_python(PRELUDE + code, cwd=top)
