"""Numbers of a comparison as words, the same on a terminal, in Markdown and in HTML."""

from regolo_git.records.metadata import MetadataValue
from regolo_git.records.recipe import RecipeTensor
from regolo_git.records.toml_text import inline_text
from regolo_git.text.numbers import MISSING
from regolo_git.verdict.metrics import MetricChange

MARKS = {
    "better": "▲ better",
    "worse": "▼ worse",
    "same": "same",
    "changed": "changed",
    "added": "added",
    "removed": "removed",
}


def verdict_text(change: MetricChange) -> str:
    """The verdict with a mark that is readable without colour."""
    return MARKS[change["verdict"]]


def value_text(value: "MetadataValue | None") -> str:
    """A metadata value: text as it is, the rest as in the manifest, a hyphen where there is none."""
    if value is None:
        return MISSING
    return value if isinstance(value, str) else inline_text(value)


def tensor_text(tensor: RecipeTensor | None) -> str:
    """Type and shape of a tensor, a hyphen where there is none."""
    return MISSING if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"
