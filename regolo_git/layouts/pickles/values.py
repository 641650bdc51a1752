"""What the symbolic machine has on its stack: as little as it takes to know the names a pickle asks for."""

from dataclasses import dataclass, field
from typing import Any

from regolo_git.records.asked_names import COMPUTED

# Any value whose content cannot matter.
OPAQUE = object()
TEXT_LIMIT = 512  # bytes of a module or name: none that is longer can be imported
WRAPPER = "NumpyArrayWrapper"
ALIGNMENT = "numpy_array_alignment_bytes"
# The keys of states that say how many bytes an array of joblib takes.
KEYS = frozenset({"shape", "dtype", ALIGNMENT})


@dataclass(frozen=True, slots=True)
class Name:
    """A global: what an import of `module` would give for `name`."""

    module: str
    name: str

    @property
    def is_wrapper(self) -> bool:
        """Whether this is the class after whose state joblib has the bytes of an array."""
        return self.name.rpartition(".")[2] == WRAPPER


@dataclass(slots=True, eq=False)
class Made:
    """What a call of a global gives; `cls` is the class of the object, as far as that is plain."""

    func: Name
    args: Any
    cls: Name
    state: dict[str, Any] = field(default_factory=dict)


def text_part(value: object) -> str:
    """A part of a name from the stack."""
    return value if isinstance(value, str) and value else COMPUTED


def made(func: Name, args: Any) -> Made:
    """The result of a call, with the arguments as a tuple if they are known."""
    rebuilds = func.module in ("copyreg", "copy_reg") and func.name == "_reconstructor"
    if rebuilds and isinstance(args, tuple) and args and isinstance(args[0], Name):
        return Made(func, args, args[0])
    return Made(func, args, func)


def is_wrapper(value: object) -> bool:
    """Whether a value is the class that describes the arrays of joblib."""
    return isinstance(value, Name) and value.is_wrapper
