"""Bytes of models that are about to be committed to Git, where every clone keeps them forever.

A file is recognized by its name, its first bytes, or its size alone.  A pointer of Git LFS is small text.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from regolo_git.git.staged import StagedFile, StagedFiles
from regolo_git.hints import Hint
from regolo_git.hooks.remark import Remark, about
from regolo_git.text.sizes import size_text

LIMIT = 5_000_000  # bytes of any other file
LFS_POINTER = re.compile(rb"version https?://[^\n]+\n(?:ext-[^\n]+\n)*oid sha256:[0-9a-f]{64}\nsize [0-9]+\n")
POINTER_SIZE = 1024
SUFFIXES = frozenset(
    {
        ".safetensors", ".gguf", ".ggml", ".onnx", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib",
        ".skops", ".h5", ".hdf5", ".keras", ".npz", ".tflite", ".mlmodel", ".pdparams", ".caffemodel",
        ".params", ".cbm", ".ubj",
    }
)  # fmt: skip
# What a model's file begins with, whatever its name.
MAGIC = re.compile(
    rb"GGUF|\x89HDF\r\n|\x93NUMPY|\x80[\x02-\x05].{0,12}[cX\x8c\x95]|.{6}\x00\x00\{\""
    rb"|PK\x03\x04.{26}[^/]{1,255}/(?:data\.pkl|\.format_version)",
    re.DOTALL,
)
READ_FROM = 64_000  # bytes; a smaller file of another name is an example or a test


def check_model_bytes(staged: StagedFiles, limit: int = LIMIT) -> Iterator[Remark]:
    """The staged files that should be versions.

    These are files of models of any size, and any other file of `limit` bytes or more.
    """
    merged = staged.committed_elsewhere()
    files = [file for file in staged.files if (file.path, file.oid) not in merged]
    sizes = staged.sizes([file.oid for file in files])
    suspects = [file for file in files if _is_suspect(file, sizes.get(file.oid, 0), limit)]
    read = [file for file in suspects if sizes[file.oid] < limit]
    beginnings = dict(zip(read, staged.contents([file.oid for file in read]), strict=True))
    for file in suspects:
        why = _why(file, sizes[file.oid], beginnings.get(file), limit)
        if why is not None:
            hint = f"git rm --cached FILE, and {Hint('commit', 'MODEL', 'FILE')}"
            yield Remark(about(file.path, f"{why}: Git would keep it in every clone forever"), hint)


def _is_suspect(file: StagedFile, size: int, limit: int) -> bool:
    return size > 0 and file.has_content(size) and (_has_suffix(file) or size >= min(limit, READ_FROM))


def _has_suffix(file: StagedFile) -> bool:
    return PurePosixPath(file.path).suffix.lower() in SUFFIXES


def _why(file: StagedFile, size: int, content: bytes | None, limit: int) -> str | None:
    if size >= limit:
        return f"has {size_text(size)}"
    if content is None or (size <= POINTER_SIZE and LFS_POINTER.fullmatch(content)):
        return None
    if _has_suffix(file):
        return f"is a file of a model ({size_text(size)})"
    return f"has the bytes of a model ({size_text(size)})" if MAGIC.match(content) else None
