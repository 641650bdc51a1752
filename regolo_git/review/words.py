"""Numbers of a comparison as words, the same on a terminal, in Markdown and in HTML."""

from regolo_git.records.metadata import MetadataValue
from regolo_git.records.recipe import RecipeTensor
from regolo_git.records.toml_text import inline_text
from regolo_git.verdict.metrics import MetricChange, Number

MISSING = "-"

MARKS = {
    "better": "▲ better",
    "worse": "▼ worse",
    "same": "same",
    "changed": "changed",
    "added": "added",
    "removed": "removed",
}


def number_text(value: Number | None) -> str:
    """A metric as a person writes it: shortest form, a hyphen where there is none."""
    return MISSING if value is None else repr(value)


def signed_text(value: Number | None) -> str:
    """A difference with its sign."""
    if value is None:
        return ""
    return f"{value:+d}" if isinstance(value, int) else f"{value:+.6g}"


def percent_text(value: float | None) -> str:
    """A relative change in percent with its sign."""
    return "" if value is None else f"{value:+.2%}"


def verdict_text(change: MetricChange) -> str:
    """The verdict with a mark that is readable without colour."""
    return MARKS[change["verdict"]]


def size_text(size: int | None) -> str:
    """Bytes with a decimal unit: 91 MB."""
    if size is None:
        return MISSING
    value = float(abs(size))
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    digits = 0 if unit == "B" or value >= 100 else 1
    return f"{'-' if size < 0 else ''}{value:.{digits}f} {unit}"


def signed_size_text(size: int) -> str:
    """A difference of sizes with its sign."""
    return "no change" if size == 0 else f"{'+' if size > 0 else ''}{size_text(size)}"


def value_text(value: "MetadataValue | None") -> str:
    """A metadata value: text as it is, the rest as in the manifest, a hyphen where there is none."""
    if value is None:
        return MISSING
    return value if isinstance(value, str) else inline_text(value)


def tensor_text(tensor: RecipeTensor | None) -> str:
    """Type and shape of a tensor, a hyphen where there is none."""
    return MISSING if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"
