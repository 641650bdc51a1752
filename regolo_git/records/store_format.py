"""`format.toml` of a store: which format its files have, and how artifacts are cut."""

from dataclasses import dataclass
from typing import Self

from regolo_git.errors import IntegrityError
from regolo_git.records.recipe import CHUNKING
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import dump_document, load_document

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoreFormat:
    """The format of a store and the name of its chunking."""

    chunking: str = CHUNKING

    def to_text(self) -> str:
        """The file's one text."""
        return dump_document({"format": FORMAT, "chunking": self.chunking})

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Reads the file.  Raises IntegrityError for a store that is newer than this program."""
        reader = TableReader(load_document(text, "the store's format.toml"), "the store's format.toml")
        reader.take_format(FORMAT)
        chunking = reader.take("chunking", str)
        if chunking != CHUNKING:
            raise IntegrityError(
                f"the store cuts by '{chunking}', which this program does not know",
                "pip install --upgrade regolo-git",
            )
        return cls(chunking)
