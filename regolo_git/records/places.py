"""Places in a work tree where no artifact may be: those of the records, of git, and of its hosts.

Anyone may propose a manifest, and its path must not make a checkout write a workflow, a submodule or an
endpoint.  Names are compared as by file systems that fold case or Unicode, or have short names.
"""

import re
import unicodedata
from collections.abc import Iterable

from regolo_git.errors import InvalidInput
from regolo_git.records.paths import CONFIG_PATH, ENDPOINTS, ENVIRONMENTS, MODELS
from regolo_git.text.printable import printable

RECORD_FOLDERS = {CONFIG_PATH.partition("/")[0], ENDPOINTS, ENVIRONMENTS}
READ_BY_GIT = (".git", ".mailmap", ".lfsconfig")  # what begins like these
RECORD_NAMES = {"manifest.toml", "model.toml", "retired.toml", "evaluations.toml", "labels.toml"}
SHORT_NAMES = re.compile(r"(?:git\w*|gi[0-9a-f]{4}|regolo|endpoi|enviro)~[0-9]+")
HINT = "keep it in another directory of the work tree"


def record_paths(model: str) -> list[str]:
    """Where the records of a model can be."""
    return [f"{MODELS}/{model}/{name}" for name in sorted(RECORD_NAMES)]


def check_place(path: str) -> str:
    """Returns an artifact's path in a work tree.  Raises InvalidInput for a place of git or of records."""
    names = [_folded(name) for name in path.split("/")]
    git = any(name.startswith(READ_BY_GIT) for name in names)
    _refuse(path, git or _is_reserved(names) or (names[0] == MODELS and names[-1].endswith(".toml")))
    return path


def check_members(place: str | None, members: Iterable[str]) -> None:
    """Checks the files of a directory at a place; "" is the top of the work tree, None no work tree.

    A directory may have `.gitattributes` and the like, as models of the Hugging Face Hub do: at the top of a
    work tree they would be another repository's.  Raises InvalidInput.
    """
    if place is None or (place and not may_hold_records(place)):
        return
    for member in members:
        path = f"{place}/{member}" if place else member
        names = [_folded(name) for name in path.split("/")]
        _refuse(path, _is_reserved(names) or (names[0] == MODELS and names[-1] in RECORD_NAMES))


def may_hold_records(place: str) -> bool:
    """Whether it depends on the files of a directory at this place if any is a record."""
    return _folded(place.partition("/")[0]) == MODELS


def _is_reserved(names: list[str]) -> bool:
    return (
        names[0] in RECORD_FOLDERS
        or names[0].startswith(READ_BY_GIT)
        or bool(SHORT_NAMES.fullmatch(names[0]))
    )


def _refuse(path: str, wrong: bool) -> None:
    if wrong:
        raise InvalidInput(f"path '{printable(path)}' is a place of git or of the registry's records", HINT)


def _folded(name: str) -> str:
    """The name as the most forgiving file system takes it."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible.partition(":")[0].casefold()).rstrip(". ")
