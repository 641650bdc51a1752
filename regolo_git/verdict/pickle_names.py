"""What loading a pickle can do, judged by the names that it asks for; and how two versions differ in them.

Names are judged strictly: of a known library only classes that hold data are known.  A name with a dot is
an attribute of an attribute, by which a module reaches whatever it has imported, so it is never known.
"""

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from sys import stdlib_module_names
from typing import NamedTuple

from regolo_git.records.asked_names import COMPUTED, AskedName, PickleNames
from regolo_git.verdict import name_lists as lists

# `_LIB` is a constant: the library itself, as ctypes loaded it.
CLASS = re.compile(r"_?[A-Z](?=[A-Za-z0-9]*[a-z])[A-Za-z0-9]*|[A-Z][A-Z0-9]*|__pyx_unpickle_[A-Z]\w*")
ROOTS = frozenset(
    {"numpy", "scipy", "pandas", "sklearn", "torch", "xgboost", "lightgbm", "catboost", "joblib"}
)


class NameClass(StrEnum):
    """The classes, from the best to the worst."""

    ALLOWED = "allowed"
    KNOWN = "known"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    DANGEROUS = "dangerous"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return _ORDER.index(self)


_ORDER = tuple(NameClass)


class NameChanges(NamedTuple):
    """The names that only the later of two versions asks for, and those that only the earlier does."""

    new: tuple[AskedName, ...]
    gone: tuple[AskedName, ...]


def worst(classes: Iterable[NameClass]) -> NameClass:
    """The worst of some classes; allowed if there are none."""
    return max(classes, key=lambda found: found.rank, default=NameClass.ALLOWED)


def class_of_file(names: PickleNames) -> NameClass:
    """The class of a file: that of its worst name, and at best unreadable if a part could not be read."""
    classes = [class_of(asked.module, asked.name) for asked in names.names]
    return worst([*classes, NameClass.UNREADABLE] if names.unread else classes)


def class_of_files(files: Mapping[str, PickleNames]) -> NameClass:
    """The class of a version, by the pickles of its files."""
    return worst(map(class_of_file, files.values()))


def changes(before: Iterable[PickleNames], after: Iterable[PickleNames]) -> NameChanges:
    """How the names of two versions differ, whichever of their files asks for them."""
    old, new = _by_name(before), _by_name(after)
    return NameChanges(
        tuple(asked for name, asked in new.items() if name not in old),
        tuple(asked for name, asked in old.items() if name not in new),
    )


def _by_name(files: Iterable[PickleNames]) -> dict[tuple[str, str], AskedName]:
    found: dict[tuple[str, str], AskedName] = {}
    for names in files:
        for asked in names.names:
            found.setdefault((asked.module, asked.name), asked)
    return found


@lru_cache(maxsize=4096)
def class_of(module: str, name: str) -> NameClass:
    """The class of a global; the worse one where Python 2 had it under another name."""
    renamed = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
    return worst({_class_of(module, name), _class_of(*renamed)})


def _class_of(module: str, name: str) -> NameClass:
    if name in _ALLOWED.get(module, ()):
        return NameClass.ALLOWED
    if name in _KNOWN.get(module, ()):
        return NameClass.KNOWN
    if _is_dangerous(module, name):
        return NameClass.DANGEROUS
    if _is_below(module, _KNOWN_CLASSES) and CLASS.fullmatch(name) and name not in lists.CALLBACKS:
        return NameClass.KNOWN
    return NameClass.UNKNOWN


def _is_dangerous(module: str, name: str) -> bool:
    if COMPUTED in (module, name) or _is_below(module, _DANGEROUS_MODULES):
        return True
    attributes = name.split(".")
    if name in _DANGEROUS.get(module, ()) or _DANGEROUS_NAMES.intersection(attributes):
        return True
    path = module.split(".")
    if _HIDDEN.intersection(attributes) or _HIDDEN.intersection(path):
        return True
    # What a library has imported is among its attributes, and may seem to be a module inside it.
    if _MODULES.intersection(attributes) or _MODULES.intersection(path[1:]) - _own_parts(path):
        return True
    common = path[0] in ROOTS or path[0] in stdlib_module_names or path[0] == "__builtin__"
    return common and bool(_COMMON_WORDS.intersection(attributes))


def _own_parts(path: list[str]) -> set[str]:
    """Parts of known modules that only share their name with a dangerous one."""
    return {"test", "code", "platform", "http", "select", "tree"} if path[0] not in ROOTS else set()


def _is_below(module: str, modules: frozenset[str]) -> bool:
    """Whether a module is one of some, or inside one."""
    parts = module.split(".")
    return any(".".join(parts[:end]) in modules for end in range(1, len(parts) + 1))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _expanded(names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The names by module; `{core}` has two names in NumPy."""
    return {
        module.replace("{core}", core): _words(held)
        for module, held in names.items()
        for core in ("core", "_core")
    }


def _sparse() -> dict[str, frozenset[str]]:
    """The sparse matrices of SciPy, whose classes are in lower case."""
    formats = lists.SPARSE_FORMATS.split()
    names = frozenset(f"{held}_{kind}" for held in formats for kind in ("matrix", "array"))
    modules = ["scipy.sparse", *(f"scipy.sparse.{part}" for part in lists.SPARSE_MODULES.split())]
    return dict.fromkeys(modules, names)


def _torch() -> dict[str, frozenset[str]]:
    """The tensors and storages of PyTorch, beside its other names."""
    kinds = lists.TORCH_KINDS.split()
    names = frozenset(f"{kind}{what}" for kind in kinds for what in ("Tensor", "Storage"))
    others = _expanded(lists.TORCH)
    return others | {module: names | others.get(module, names) for module in lists.TORCH_MODULES.split()}


_BUILTINS = dict.fromkeys(lists.BUILTINS, lists.HARMLESS_BUILTINS)
_ALLOWED = _expanded(_BUILTINS | lists.STANDARD | lists.NUMPY) | _torch()
_KNOWN = _expanded(lists.KNOWN) | _sparse()
_KNOWN_CLASSES = frozenset(f"{top}.{part}" for top, parts in lists.CLASSES.items() for part in parts.split())
_DANGEROUS = _expanded(lists.DANGEROUS)
_DANGEROUS_MODULES = _words(lists.DANGEROUS_MODULES)
_DANGEROUS_NAMES = _words(lists.DANGEROUS_NAMES)
_COMMON_WORDS = _words(lists.COMMON_WORDS)
_HIDDEN = _words(lists.HIDDEN)
_MODULES = frozenset(name for name in _DANGEROUS_MODULES if "." not in name) | {"builtins", "types"}
