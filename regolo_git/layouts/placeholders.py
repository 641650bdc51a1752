"""Files that hold something else in place of weights: a pointer, an error page, nothing at all."""

import json
import re

from regolo_git.text.sizes import size_text

HEAD = 1024
POINTER_LIMIT = 1024
JSON_LIMIT = 1 << 16
WEIGHTS = {
    ".safetensors", ".gguf", ".ggml", ".bin", ".pt", ".pth", ".ckpt", ".npz", ".npy", ".onnx", ".h5", ".hdf5",
    ".keras", ".tflite", ".pb", ".msgpack", ".pkl", ".pickle", ".joblib", ".skops", ".mlmodel", ".params",
    ".pdparams", ".caffemodel", ".weights", ".ot", ".pte", ".ubj", ".cbm",
}  # fmt: skip
PAGES = (".html", ".htm", ".xml", ".svg", ".txt", ".md")
UNFINISHED = (".incomplete", ".crdownload", ".aria2", ".part", ".partial", ".download")
# Of formats that begin with a magic number or the length of a header.
NEVER_ZERO = {".safetensors", ".gguf", ".onnx", ".npz", ".npy", ".h5", ".hdf5", ".keras", ".pt", ".pth"}

LFS = re.compile(rb"version https://(?:git-lfs\.github|hawser\.github)\.com/spec/")
LFS_SIZE = re.compile(rb"^size (\d{1,19})\s*$", re.MULTILINE)
ANNEX = re.compile(rb"/annex/objects/[A-Z0-9]+-(?:s(\d{1,19}))?")
XET = re.compile(rb"# xet version \d")
MARKUP = re.compile(rb"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
XML_ERROR = re.compile(rb"<\?xml[^>]*>\s*<error>", re.IGNORECASE)
TEXT_ERROR = re.compile(
    rb"(?:error:? *)?(?:[45]\d\d\b.{0,80}|(?:entry|repository|file|page|revision)? *not found|unauthorized"
    rb"|forbidden|access denied|access to model .{0,200}|invalid (?:username|credentials|token).{0,80}"
    rb"|internal server error|bad gateway|service unavailable|too many requests)[.!]?",
    re.IGNORECASE,
)
SPACE = b"\xef\xbb\xbf \t\r\n"  # with a byte order mark
ERROR_KEYS = {"error", "errors", "message", "detail", "error_description"}


def pointer(head: bytes, size: int) -> str | None:
    """What a small file is if it points at content that was not fetched."""
    if size > POINTER_LIMIT:
        return None
    if LFS.match(head):
        found = LFS_SIZE.search(head)
        return f"is a Git LFS pointer, not the content{_of(found)}: git lfs pull"
    if annexed := ANNEX.match(head):
        return f"is a git-annex pointer, not the content{_of(annexed)}: git annex get"
    if XET.match(head):
        return "is a Xet pointer, not the content"
    return None


def in_place_of_weights(head: bytes, size: int, suffix: str) -> str | None:
    """What a file that should hold weights holds instead; `suffix` is that of its name, or empty."""
    if not size:
        return "is empty"
    if suffix in NEVER_ZERO and not head.strip(b"\0"):
        return "begins with zero bytes only, as an interrupted download"
    return _page(head, suffix) or _error(head, size, suffix)


def _page(head: bytes, suffix: str) -> str | None:
    start = head.lstrip(SPACE)
    if suffix in PAGES:
        return None
    if MARKUP.match(start):
        return "is an HTML page, not model weights"
    return "is an error message in XML, not model weights" if XML_ERROR.match(start) else None


def _error(head: bytes, size: int, suffix: str) -> str | None:
    start = head.lstrip(SPACE)
    if suffix in WEIGHTS or not suffix:
        if size <= HEAD and TEXT_ERROR.fullmatch(start.rstrip()):
            return "is an error message, not model weights"
        if start[:1] == b"{" and size <= len(head) and _is_json_error(start):
            return "is an error message in JSON, not model weights"
    return None


def _of(found: re.Match[bytes] | None) -> str:
    return f" ({size_text(int(found[1]))})" if found is not None and found[1] else ""


def _is_json_error(text: bytes) -> bool:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and bool(ERROR_KEYS & document.keys())
