"""Starting child processes, and ending with the parent.

A child is a fresh interpreter that runs one of our modules.  Its working directory is not searched for
modules (`-P`): a file `uvicorn.py` beside the models would be code that the operator never allowed.  No
bytecode is written (`-B`): a `__pycache__` inside an artifact would change its digest.
"""

import ctypes
import gc
import os
import re
import signal
import sys
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import regolo_git
from regolo_git.errors import ServingError

PR_SET_PDEATHSIG = 1
# By default, numeric libraries start a thread for each core in each worker.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

# Where programs and libraries are, the locale, temporary files, threads, and graphics cards.  Proxies are not
# among them: their addresses often hold a password.
_USUAL = (
    "PATH HOME USER LOGNAME SHELL TMPDIR TMP TEMP TZ TZDIR XDG_CACHE_HOME SSL_CERT_FILE SSL_CERT_DIR "
    "LANG LANGUAGE LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME "
    "LD_LIBRARY_PATH LD_PRELOAD VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME PYTHONUNBUFFERED "
    "PYTHONHASHSEED PYTHONWARNINGS PYTHONUTF8 PYTHONFAULTHANDLER PYTHONIOENCODING PYTHONMALLOC "
    "*_NUM_THREADS OMP_* KMP_* MKL_* OPENBLAS_* MALLOC_* TOKENIZERS_PARALLELISM "
    "CUDA_* NVIDIA_* NCCL_* HIP_* ROCR_* ROCM_* HSA_*"
)
USUAL = tuple(_USUAL.split())


def python_command(module: str, *arguments: str, interpreter: Path | None = None) -> list[str]:
    """The command line that runs one of our modules."""
    return [str(interpreter or sys.executable), "-P", "-B", "-m", module, *arguments]


def child_environment(environment: Mapping[str, str], *, interpreter: Path | None = None) -> dict[str, str]:
    """The environment of a child of ours: the operator's, without the variables of Git and of regolo-git.

    Our own interpreter imports this package from where it is now; another interpreter has it installed.
    """
    kept = {k: v for k, v in environment.items() if not k.startswith(("GIT_", "REGOLO_"))}
    for name in THREADS:
        kept.setdefault(name, "1")
    if interpreter is None:
        package = str(Path(regolo_git.__file__).parent.parent)
        kept["PYTHONPATH"] = os.pathsep.join(p for p in (package, kept.get("PYTHONPATH")) if p)
    return kept


def worker_environment(
    environment: Mapping[str, str],
    allowed: Iterable[str],
    *,
    threads: int = 1,
    interpreter: Path | None = None,
) -> dict[str, str]:
    """The environment of a worker, which runs a model's code: only what a model needs, and no credentials.

    `allowed` are the names, or patterns of names, that the operator's policy adds.  Numeric libraries are
    told to use so many `threads`, unless the operator's environment says how many.
    """
    passed = (*USUAL, *allowed)
    kept = {k: v for k, v in environment.items() if any(fnmatchcase(k, name) for name in passed)}
    share = str(operators_threads(kept) or threads)
    return child_environment({**dict.fromkeys(THREADS, share), **kept}, interpreter=interpreter)


def operators_threads(environment: Mapping[str, str]) -> int | None:
    """The threads of a process as the operator's environment has them; None if it says nothing of them."""
    first = environment.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if re.fullmatch(r"[1-9]\d{0,5}", first) else None


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent ends; exits if the parent has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have ended before the call above.
    if os.getppid() != parent:
        sys.exit(ServingError.exit_code)


def freeze_gc() -> None:
    """Excludes modules and a loaded model from later garbage collections, which would delay requests."""
    gc.collect()
    gc.freeze()


def resident_bytes(process: int) -> int | None:
    """The resident memory of a process in bytes; None if unknown."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
