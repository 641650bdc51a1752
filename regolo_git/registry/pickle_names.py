"""The names that the pickles of a version ask for, read from the store without checking anything out.

Promotion, review and hooks ask here.  Only the beginnings of most files are read: a file without pickles
shows it there, and tensors are skipped.
"""

from collections.abc import Mapping

from regolo_git.artifacts.second_opinion import Opinion, is_installed, second_opinion
from regolo_git.artifacts.stored_file import open_all_files
from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import RegoloError
from regolo_git.layouts.pickle_names import read_pickle_names
from regolo_git.layouts.pickles.content import Budget
from regolo_git.records.asked_names import PickleNames
from regolo_git.records.gates import SCANS, Scan
from regolo_git.records.manifest import Manifest
from regolo_git.registry.fetching import fetch_recipe
from regolo_git.registry.handle import Handle
from regolo_git.text.printable import printable
from regolo_git.verdict.gate_facts import Finding
from regolo_git.verdict.pickle_scan import scan_findings


def names_of_version(handle: Handle, manifest: Manifest) -> dict[str, PickleNames]:
    """What each file of a version asks for, by its path; files without a pickle are left out.

    A single file has its own name as path.  One budget bounds all of them.

    Raises NotFound if no store has the bytes, IntegrityError, TransportError.
    """
    fetch_recipe(handle, manifest)
    recipe = read_checked_recipe(handle.stores, manifest.artifact)
    budget, start, found = Budget(), 0, {}
    with open_all_files(handle.stores, recipe) as file:
        for entry in recipe.files:
            path = entry.path or manifest.file_name
            names = read_pickle_names(file, entry.size, path, start=start, budget=budget)
            if names:
                found[path] = names
            start += entry.size
    return found


def second_opinions(
    handle: Handle, manifest: Manifest, names: Mapping[str, PickleNames]
) -> dict[str, Opinion] | None:
    """What the extra `scan` says about the files of a version that have `names`; None without it.

    Raises as `names_of_version` does.
    """
    if not is_installed():
        return None
    recipe = read_checked_recipe(handle.stores, manifest.artifact)
    start, found = 0, {}
    with open_all_files(handle.stores, recipe) as file:
        for entry in recipe.files:
            path = entry.path or manifest.file_name
            if path in names:
                found[path] = second_opinion(file, start, entry.size)
            start += entry.size
    return found


def scan_of(handle: Handle, manifest: Manifest) -> Mapping[Scan, Finding]:
    """What the gates that look at pickles find in a version; not judged if its bytes cannot be read."""
    try:
        return scan_findings(names_of_version(handle, manifest))
    except RegoloError as error:
        return dict.fromkeys(SCANS, Finding("not judged", printable(error.message)))
