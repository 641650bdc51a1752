"""A pickle executed symbolically: its opcodes move names and plain values on a stack, and nothing is called.

The opcodes are read as `pickle` reads them, because a reader that disagrees about one length misses all that
follows.  Where `pickle` fails, reading ends here as well; where loaders differ, it is `Broken`.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from regolo_git.layouts.pickles.content import Broken, Budget, GivesUp
from regolo_git.layouts.pickles.cursor import Cursor
from regolo_git.layouts.pickles.found import Found
from regolo_git.layouts.pickles.joblib_arrays import array_bytes
from regolo_git.layouts.pickles.literals import STOP, Literals
from regolo_git.layouts.pickles.values import (
    KEYS,
    OPAQUE,
    SIZES,
    TEXT_LIMIT,
    Made,
    Name,
    calls_computed,
    hands_on,
    has_methods,
    is_copied_dtype,
    is_wrapper,
    made,
    text_part,
)
from regolo_git.records.asked_names import COMPUTED

NEWEST_PROTOCOL = 5
# The unpickler of CPython drops what is left of a frame then, and goes on with other bytes.
FRAME_CROSSED = "an instruction of it crosses the end of its frame"


class Machine(Literals):
    """Reads one pickle from a cursor.

    With `arrays`, the bytes of an array that follow its description are skipped, as `joblib.load` does;
    `pickle.load` takes them for opcodes.  `examine` looks at bytes that may be a pickle themselves.
    """

    def __init__(
        self, cursor: Cursor, found: Found, budget: Budget, examine: Callable[[bytes], None], *, arrays: bool
    ) -> None:
        super().__init__(cursor, budget, examine)
        self._found = found
        self._arrays = arrays
        self._frame_end = 0
        self._copies_dtype = False
        self.has_arrays = False
        self.steps = 0
        self.acts = 0  # calls, states and ends: what a file that is no pickle hardly has

    def run(self) -> object:
        """The value of the pickle, at its STOP.  Raises Broken where loading it would fail at the latest."""
        cursor, operations, left = self._cursor, self.OPERATIONS, self._budget.opcodes
        start, frame_end = 1, 0
        try:
            while (code := cursor.byte()) != STOP:
                if self.steps >= left:
                    raise GivesUp("it has too many instructions")
                operation = operations.get(code)
                if operation is None:
                    raise Broken(f"byte {cursor.position - 1} is not an instruction of a pickle")
                self.steps += 1
                start, frame_end = cursor.position, self._frame_end
                operation(self)
                if start <= frame_end < cursor.position and frame_end == self._frame_end:
                    raise GivesUp(FRAME_CROSSED)
        except Broken as error:
            if start <= frame_end < cursor.position and frame_end == self._frame_end:
                raise GivesUp(FRAME_CROSSED) from error
            raise
        finally:
            self._budget.opcodes -= self.steps
        if cursor.position < self._frame_end:
            raise GivesUp(FRAME_CROSSED)
        value = self.pop()
        self.acts += 1
        self._found.pickles += 1
        return value

    # -- collections ---------------------------------------------------------------------------------------

    def _tuple(self, count: int) -> None:
        self._push_tuple([self.pop() for _ in range(count)][::-1])

    def _marked_tuple(self) -> None:
        self._push_tuple(self.to_mark())

    def _push_tuple(self, items: list[Any]) -> None:
        # The arguments of `copyreg._reconstructor` are the only tuple that may have the class, as its first.
        self._watch(items[len(items) == 3 :])
        self.push(tuple(items))

    def _set_items(self, items: list[Any]) -> None:
        self._watch(items)
        target = self._changed()
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=False):
                if isinstance(key, str) and key in KEYS:
                    target[key] = value
                elif not isinstance(key, str | int | tuple | None):
                    target[COMPUTED] = value  # which may have any of the keys

    def _set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self._set_items([key, value])

    def _marked_dict(self) -> None:
        items = self.to_mark()
        self.push({})
        self._set_items(items)

    def _marked_list(self) -> None:
        self._watch(self.to_mark())
        self.push(OPAQUE)

    def _append(self) -> None:
        self._watch([self.pop()])
        self._changed()

    def _append_many(self) -> None:
        self._watch(self.to_mark())
        self._changed()

    def _changed(self) -> object:
        """The last value, which gets items or a state."""
        target = self.top()
        if isinstance(target, Name):
            self._found.unread(f"it changes '{target.module}.{target.name}' itself")
        return target

    def _watch(self, items: list[Any]) -> None:
        """Notes that the class of joblib's arrays goes where its use is no longer seen."""
        if self.has_arrays and any(is_wrapper(item) for item in items):
            self._found.unread("it hands on the class that describes the arrays of joblib")

    def _key(self) -> int:
        try:
            key = int(self._cursor.line())
        except ValueError as error:
            raise Broken("a number of it is not valid") from error
        if key < 0:
            raise Broken("a number of it is not valid")
        return key

    # -- names and calls -----------------------------------------------------------------------------------

    def _name(self, module: str, name: str) -> Name:
        parts = (part if 0 < len(part) <= TEXT_LIMIT else COMPUTED for part in (module, name))
        asked = Name(*parts)
        self._found.name(asked.module, asked.name, self._cursor.position)
        self.has_arrays |= asked.is_wrapper
        return asked

    def _lines(self) -> Name:
        module = self._cursor.line().decode("utf-8", "surrogateescape")
        # A module is imported even where the name is missing.
        name = b"" if self._cursor.at_end() else self._cursor.line()
        return self._name(module, name.decode("utf-8", "surrogateescape"))

    def _stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        self.push(self._name(text_part(module), text_part(name)))

    def _extension(self, width: int) -> None:
        code = self._cursor.number(width)
        self._found.unread(f"it asks for extension {code}, whose name is not in the file")
        self.push(OPAQUE)

    def _call(self, func: object, args: object) -> None:
        self.acts += 1
        if not isinstance(func, Name):
            self._found.unread("it calls something that it has computed")
            self.push(OPAQUE)
            return
        if calls_computed(func, args):
            self._found.unread(f"it has '{func.module}.{func.name}' call something that it has computed")
        result = made(func, args)
        self._copies_dtype |= is_copied_dtype(result)
        if isinstance(args, tuple) and result.cls is func:
            self._watch(list(args))
        self.push(result)

    def _reduce(self) -> None:
        args, func = self.pop(), self.pop()
        self._judge(func, args)
        self._call(func, args)

    def _judge(self, func: object, args: object) -> None:
        """Notes a call of a library that may call what it is given."""
        called = hands_on(func, args) if isinstance(func, Name) else None
        if called is not None:
            self._found.unread(f"it has '{called.module}.{called.name}' take an object that it may call")

    def _new(self) -> None:
        args, cls = self.pop(), self.pop()
        self._make(cls, args)

    def _new_with_keywords(self) -> None:
        self.pop()
        self._new()

    def _make(self, cls: object, args: object) -> None:
        """An object of a class: unlike a call, whatever the class is, the object is of it."""
        self._call(cls, args)
        if isinstance(cls, Name):
            self.top().cls = cls

    def _instance(self) -> None:
        name, args = self._lines(), tuple(self.to_mark())
        self._judge(name, args)
        self._make(name, args)

    def _object(self) -> None:
        items = self.to_mark()
        if not items:
            raise Broken("an instruction lacks its value")
        self._judge(items[0], tuple(items[1:]))
        self._make(items[0], tuple(items[1:]))

    def _build(self) -> None:
        self.acts += 1
        state, target = self.pop(), self._changed()
        if has_methods(state):
            self._found.unread("it gives an object methods of its own")
        if not isinstance(target, Made):
            if self.has_arrays and not isinstance(target, Name):
                raise Broken("it gives a state to something that it has computed")
        elif target.cls.is_wrapper:
            self._build_array(target, state)
        elif target.func.name == "dtype":
            target.state["dtype"] = state

    def _build_array(self, target: Made, state: object) -> None:
        """Passes over the bytes of an array, or reads the pickle that has its objects."""
        if not isinstance(state, dict) or not state.keys() <= SIZES or self._copies_dtype:
            raise Broken("an array of it is described in an unusual way")
        target.state |= state
        if not self._arrays:
            return
        if self._cursor.position < self._frame_end:
            raise GivesUp("an array of it is inside a frame")
        self._frame_end = 0  # what follows is not an instruction
        size = array_bytes(target, self._cursor)
        if size is None:
            Machine(self._cursor, self._found, self._budget, self._examine, arrays=False).run()
        else:
            self._cursor.skip(size)
        self.pop()
        self.push(OPAQUE)

    # -- about the stream ----------------------------------------------------------------------------------

    def _persistent_line(self) -> None:
        self._cursor.line()
        self.push(OPAQUE)

    def _persistent(self) -> None:
        described = self.pop()
        self._watch([described])
        # PyTorch before 1.6 has the source of a class beside it.
        is_class = isinstance(described, tuple) and described[:1] == ("module",) and len(described) > 1
        self.push(described[1] if is_class and isinstance(described[1], Name) else OPAQUE)

    def _protocol(self) -> None:
        if self._cursor.byte() > NEWEST_PROTOCOL:
            raise Broken("it is of a protocol that is not known")

    def _frame(self) -> None:
        if self._cursor.position <= self._frame_end:
            raise GivesUp(FRAME_CROSSED)
        self._frame_end = self._cursor.number(8) + self._cursor.position

    OPERATIONS: ClassVar[dict[int, Callable[["Machine"], object]]] = {
        ord(code): operation
        for code, operation in {
            "(": Literals.mark,
            "0": Literals.drop,
            "1": Literals.to_mark,
            "2": lambda self: self.push_again(self.top()),
            "N": lambda self: self.push(None),
            "\x88": Literals.opaque,
            "\x89": Literals.opaque,
            "I": Literals.integer,
            "J": lambda self: self.small(4),
            "K": lambda self: self.small(1),
            "M": lambda self: self.small(2),
            "L": Literals.opaque_line,
            "F": Literals.opaque_line,
            "G": lambda self: self.opaque(8),
            "\x8a": lambda self: self.long_integer(1),
            "\x8b": lambda self: self.long_integer(4),
            "S": Literals.quoted,
            "T": lambda self: self.sized(4, self.old_text),
            "U": lambda self: self.sized(1, self.old_text),
            "V": Literals.line_text,
            "X": lambda self: self.sized(4, self.text),
            "\x8c": lambda self: self.sized(1, self.text),
            "\x8d": lambda self: self.sized(8, self.text),
            "B": lambda self: self.sized(4, self.byte_string),
            "C": lambda self: self.sized(1, self.byte_string),
            "\x8e": lambda self: self.sized(8, self.byte_string),
            "\x96": lambda self: self.sized(8, self.byte_string),
            "\x97": Literals.opaque,
            "\x98": Literals.top,
            "]": Literals.opaque,
            "\x8f": Literals.opaque,
            "}": lambda self: self.push({}),
            ")": lambda self: self.push(()),
            "t": _marked_tuple,
            "\x85": lambda self: self._tuple(1),
            "\x86": lambda self: self._tuple(2),
            "\x87": lambda self: self._tuple(3),
            "l": _marked_list,
            "\x91": _marked_list,
            "d": _marked_dict,
            "a": _append,
            "e": _append_many,
            "\x90": _append_many,
            "s": _set_item,
            "u": lambda self: self._set_items(self.to_mark()),
            "p": lambda self: self.keep(self._key()),
            "q": lambda self: self.keep(self._cursor.byte()),
            "r": lambda self: self.keep(self._cursor.number(4)),
            "\x94": Literals.keep_next,
            "g": lambda self: self.kept(self._key()),
            "h": lambda self: self.kept(self._cursor.byte()),
            "j": lambda self: self.kept(self._cursor.number(4)),
            "c": lambda self: self.push(self._lines()),
            "\x93": _stack_global,
            "i": _instance,
            "o": _object,
            "\x81": _new,
            "\x92": _new_with_keywords,
            "R": _reduce,
            "b": _build,
            "P": _persistent_line,
            "Q": _persistent,
            "\x82": lambda self: self._extension(1),
            "\x83": lambda self: self._extension(2),
            "\x84": lambda self: self._extension(4),
            "\x80": _protocol,
            "\x95": _frame,
        }.items()
    }
