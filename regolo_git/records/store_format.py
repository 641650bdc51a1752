"""A store's format: the paths of its files, and `format.toml` with its chunking and the features it uses.

A feature is what a reader of the store must support to find everything in it.  A store that uses one this
release does not support is refused as newer, by the feature's name, so that nothing in it passes for missing.
A writer adds a feature before it uses it for the first time; none is ever removed.
"""

from collections.abc import Mapping
from typing import NamedTuple, Self

from regolo_git.errors import NewerFormat
from regolo_git.records.recipe import CHUNKING
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import TomlValue, dump_document

PLAIN = 1  # a store without features, which 0.1 reads
NEWEST = 2  # adds `features`
FORMAT_FILE = "format.toml"
CHUNKS, RECIPES, PACKS, QUARANTINE = "chunks", "recipes", "packs", "quarantine"
RECORDS = "records"
HINTS_SUFFIX = ".packs"
PACKS_FEATURE = "packs"
FEATURES: frozenset[str] = frozenset({PACKS_FEATURE})


class StoreFormat(NamedTuple):
    """The name of a store's chunking, the features that it uses, sorted, and keys that are not known."""

    chunking: str = CHUNKING
    features: tuple[str, ...] = ()
    rest: Mapping[str, TomlValue] = {}

    def with_feature(self, feature: str) -> Self:
        """The format of the same store once it may use a feature."""
        return self._replace(features=tuple(sorted({*self.features, feature})))

    def to_text(self) -> str:
        """The canonical text of the file."""
        known: dict[str, TomlValue] = {"format": PLAIN, "chunking": self.chunking}
        if self.features:
            known = {**known, "format": NEWEST, "features": list(self.features)}
        return dump_document({**known, **self.rest})

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses the file.  Raises NewerFormat for a store that is too new, IntegrityError."""
        reader = TableReader.of_document(text, "the store's format.toml", newest=NEWEST)
        chunking = reader.take("chunking", str)
        if chunking != CHUNKING:
            raise _newer(f"chunking '{chunking}'")
        features = reader.take_texts("features")
        for feature in features:
            if feature not in FEATURES:
                raise _newer(f"'{feature}'")
        return cls(chunking, tuple(sorted(set(features))), reader.rest)


def _newer(what: str) -> NewerFormat:
    return NewerFormat(
        f"the store uses {what}, which this release does not support", "pip install --upgrade regolo-git"
    )


def path_of(directory: str, address: str) -> str:
    """The path of a chunk, a recipe or a pack: `chunks/ab/abcdef…`."""
    return f"{directory}/{address[:2]}/{address}"


def hints_path(recipe: str) -> str:
    """The path of the hints of a recipe: where its chunks are in packs."""
    return path_of(RECIPES, recipe) + HINTS_SUFFIX
