"""Starting our own child processes, and dying with the parent.

A child is a fresh interpreter that runs one of our modules.  Its working directory is not searched for
modules (`-P`), or a file `uvicorn.py` beside somebody's models would be code that the operator never allowed,
and no bytecode is written (`-B`), because a `__pycache__` inside an artifact would change its digest.
"""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import regolo_git
from regolo_git.errors import ServingError

PR_SET_PDEATHSIG = 1
# Numeric libraries start a thread for each core in each worker unless they are told otherwise.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def python_command(module: str, *arguments: str, interpreter: Path | None = None) -> list[str]:
    """The command line that runs one of our modules."""
    return [str(interpreter or sys.executable), "-P", "-B", "-m", module, *arguments]


def child_environment(environment: Mapping[str, str], *, interpreter: Path | None = None) -> dict[str, str]:
    """The environment of a child: the operator's, without what speaks of Git or of us.

    Our own interpreter finds this package where we found it; another one has it installed.
    """
    kept = {k: v for k, v in environment.items() if not k.startswith(("GIT_", "REGOLO_"))}
    for name in THREADS:
        kept.setdefault(name, "1")
    if interpreter is None:
        package = str(Path(regolo_git.__file__).parent.parent)
        kept["PYTHONPATH"] = os.pathsep.join(p for p in (package, kept.get("PYTHONPATH")) if p)
    return kept


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent goes, and ends it where the parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have gone before the kernel was told.
    if os.getppid() != parent:
        sys.exit(ServingError.exit_code)


def freeze_gc() -> None:
    """Keeps modules, and a model, out of every later garbage collection, which would hold up requests."""
    gc.collect()
    gc.freeze()


def resident_bytes(process: int) -> int | None:
    """The memory that a process holds; None where nobody knows."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
