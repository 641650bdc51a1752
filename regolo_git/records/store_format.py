"""A store's `format.toml`: the format of its files and the chunking of artifacts."""

from dataclasses import dataclass
from typing import Self

from regolo_git.errors import IntegrityError
from regolo_git.records.recipe import CHUNKING
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import dump_document

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoreFormat:
    """The name of a store's chunking."""

    chunking: str = CHUNKING

    def to_text(self) -> str:
        """The canonical text of the file."""
        return dump_document({"format": FORMAT, "chunking": self.chunking})

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses the file.  Raises NewerFormat or IntegrityError for a store that is too new."""
        reader = TableReader.of_document(text, "the store's format.toml", newest=FORMAT)
        chunking = reader.take("chunking", str)
        if chunking != CHUNKING:
            raise IntegrityError(
                f"the store uses chunking '{chunking}', which this release does not support",
                "pip install --upgrade regolo-git",
            )
        return cls(chunking)
