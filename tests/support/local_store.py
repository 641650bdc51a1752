"""What is in a store on this machine, as anybody can see it: plain files named by their content."""

from pathlib import Path
from typing import Literal

from regolo_git.records.digests import Digest
from regolo_git.store.store import Store

Kind = Literal["chunks", "recipes"]


def stored_files(store: Store, kind: Kind) -> dict[str, Path]:
    """The file of each chunk or recipe by its address."""
    return {path.name: path for path in sorted(Path(store.url, kind).glob("??/*"))}


def delete_recipe(store: Store, address: Digest) -> None:
    """Takes a recipe away, as cleaning or an accident would."""
    stored_files(store, "recipes")[address.hex].unlink()
