"""A store's `format.toml`: the format of its files, the chunking of artifacts, and the features it uses.

A feature is what a reader of the store must support to find everything in it.  A store that uses one this
release does not support is refused as newer, by the feature's name, so that nothing in it passes for missing.
"""

from typing import NamedTuple, Self

from regolo_git.errors import NewerFormat
from regolo_git.records.recipe import CHUNKING
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import dump_document

FORMAT = 1  # what is written: 0.1 reads it
NEWEST = 2  # adds `features`
FEATURES: frozenset[str] = frozenset()


class StoreFormat(NamedTuple):
    """The name of a store's chunking."""

    chunking: str = CHUNKING

    def to_text(self) -> str:
        """The canonical text of the file."""
        return dump_document({"format": FORMAT, "chunking": self.chunking})

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses the file.  Raises NewerFormat for a store that is too new, IntegrityError."""
        reader = TableReader.of_document(text, "the store's format.toml", newest=NEWEST)
        chunking = reader.take("chunking", str)
        if chunking != CHUNKING:
            raise _newer(f"chunking '{chunking}'")
        for feature in reader.take_optional("features", list) or []:
            if feature not in FEATURES:
                raise _newer(f"'{feature}'")
        return cls(chunking)


def _newer(what: str) -> NewerFormat:
    return NewerFormat(
        f"the store uses {what}, which this release does not support", "pip install --upgrade regolo-git"
    )
