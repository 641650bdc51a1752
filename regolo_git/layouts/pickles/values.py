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
SIZES = frozenset({"shape", "dtype", ALIGNMENT})
# The attributes of an object that the unpickler itself calls.
CALLED = frozenset({"__setstate__", "append", "extend", "add"})
KEYS = SIZES | CALLED
SHARED = "&"  # a key that says that a dict is elsewhere too
# Functions that call what they are given, by the places of it among the arguments.
CALLERS = {
    "_reconstructor": (0, 1),
    "__newobj__": (0,),
    "__newobj_ex__": (0,),
    "defaultdict": (0,),
    "__randomstate_ctor": (1,),
    "__generator_ctor": (1,),
    "__bit_generator_ctor": (0,),
    "_rebuild_from_type_v2": (0, 1),
    "_rebuild_wrapper_subclass": (0,),
    "_mareconstruct": (0, 1),
}


# Libraries whose constructors call what they are given, as trees of neighbours do with a metric.  Their files
# have objects whose constructor was not called; only compiled classes are, with numbers and arrays.
LIBRARIES = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "torch"})
# Whose objects have attributes that a pickle chooses, and methods that call them.
OBJECTS = ("sklearn.", "xgboost.", "lightgbm.", "catboost.", "torch.nn.modules.", "torch.optim.")
REBUILDERS = frozenset({"torch._utils", "torch._tensor", "torch.storage", "torch.jit._pickle"})


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


def is_copied_dtype(value: Made) -> bool:
    """Whether a call gives a dtype that may be its argument itself, which then has two states here."""
    if value.func.name != "dtype":
        return False
    return not isinstance(value.args, tuple) or not isinstance((*value.args, None)[0], str | Name)


def calls_computed(func: Name, args: object) -> bool:
    """Whether a function is to call something that is not a name, which may be an object of any class."""
    places = CALLERS.get(func.name)
    if places is None:
        return False
    if not isinstance(args, tuple):
        return True
    given = [args[place] for place in places if place < len(args)]
    return not all(value is None or isinstance(value, Name | str) for value in given)


def hands_on(func: Name, args: object) -> Name | None:
    """The function that may call an object or a function that it is given, or an attribute of it, if any."""
    if _has_object(args):
        return func
    if func.name == "_rebuild_from_type_v2" and isinstance(args, tuple) and len(args) > 2:
        return hands_on(args[0], args[2]) if isinstance(args[0], Name) else None
    if func.name == "_reconstructor" and isinstance(args, tuple) and len(args) > 2:
        return hands_on(args[1], args[2:]) if isinstance(args[1], Name) else None
    if func.module.partition(".")[0] not in LIBRARIES or func.module in REBUILDERS:
        return None
    if func.name.startswith("__pyx_unpickle_"):  # it fills the attributes of a compiled class
        return None
    of_class = func.name == "newObj"
    takes = (lambda value: isinstance(value, Name)) if of_class else _is_plain
    return None if isinstance(args, tuple) and all(map(takes, args)) else func


def _has_object(value: object) -> bool:
    """Whether a value is an object of a library, or has one: its attributes can be functions of its own."""
    if isinstance(value, tuple | dict):
        return any(map(_has_object, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Made) and f"{value.cls.module}.".startswith(OBJECTS)


def _is_plain(value: object) -> bool:
    """Whether a value can call nothing: no object of a library, no function, and nothing that has one."""
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return not value
    return not isinstance(value, Name | Made) or (isinstance(value, Made) and _is_array(value))


def _is_array(value: Made) -> bool:
    return value.cls.module.partition(".")[0] == "numpy"


def has_methods(state: object) -> bool:
    """Whether the state of an object may hold functions that the unpickler calls as its methods."""
    if isinstance(state, tuple):
        return any(has_methods(part) for part in state if isinstance(part, dict))
    if isinstance(state, Made):
        return state.func.name in ("dict", "OrderedDict", "defaultdict", "Counter")
    return isinstance(state, dict) and (COMPUTED in state or not CALLED.isdisjoint(state))
