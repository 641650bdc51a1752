"""Checking the records that the registry branch has now: manifests, cards and lists of retired versions.

A version's own manifest is checked with its tag; these are what people edit, and what the next command reads.
"""

from collections.abc import Iterator

from regolo_git.errors import IntegrityError
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.retired import RetiredList
from regolo_git.registry.handle import Handle

READERS = {
    "manifest.toml": Manifest.parse,
    "model.toml": ModelCard.parse,
    "retired.toml": RetiredList.parse,
}


def check_records(handle: Handle) -> Iterator[Problem]:
    """The files below `models` that cannot be read."""
    tip = handle.registry_tip()
    for path, oid in handle.git.list_files(tip, "models") if tip is not None else ():
        read = READERS.get(path.rpartition("/")[2])
        try:
            if read is not None:
                read(handle.git.read_blob(oid))
        except IntegrityError as error:
            yield Problem(f"'{path}'", error.message, error.hint or f"git log -p -- :/{path}")
