"""Pickles one after another in the same content, as the loaders read them.

`pickle.load` and `joblib.load` read the first one; each further call reads the next.  The files of
PyTorch before 1.6 are five pickles, and then the bytes of tensors.  Content that begins like a pickle by
chance is distinguished from one by what it does: a pickle that fails before it imports or calls anything is
harmless.
"""

import sys
from contextlib import suppress

from regolo_git.layouts.pickles.content import Broken, Budget, Content, GivesUp, held
from regolo_git.layouts.pickles.cursor import Cursor
from regolo_git.layouts.pickles.found import Found
from regolo_git.layouts.pickles.machine import NEWEST_PROTOCOL, Machine
from regolo_git.records.asked_names import AskedName

DEPTH = 4  # of pickles inside values of pickles
STREAMS = 10_000  # pickles in one content
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PICKLES = 5
# A second reading takes the numbers of arrays, or another pickle's memo, for names.  Those of other modules
# than these, and than those of the first reading, are chance.
SECOND_ROOTS = sys.stdlib_module_names | {
    *(
        "__builtin__",
        "cPickle",
        "commands",
        "copy_reg",
        "numpy",
        "scipy",
        "pandas",
        "torch",
        "sklearn",
        "joblib",
    ),
    *(
        "pip",
        "setuptools",
        "pkg_resources",
        "cloudpickle",
        "dill",
        "requests",
        "IPython",
        "tensorflow",
        "keras",
    ),
}
STEPS = 8  # that no content takes by chance after the two bytes of a protocol


def read_pickles(content: Content, found: Found, budget: Budget, *, sure: bool, depth: int = DEPTH) -> bool:
    """Adds what the pickles of some content ask for; False if it has none.

    With `sure`, it is said to be a pickle, by its name or by what it is in, and a broken one is unreadable.
    """
    reading = _Reading(content, found.trial(), budget, depth)
    try:
        try:
            reading.run()
        finally:
            reading.run_without_arrays()
    except Broken as error:
        doubtful = not sure and not reading.has_pickles and not isinstance(error, GivesUp)
        if doubtful and not reading.acts_like_a_pickle():
            return False
        reading.trial.unread(str(error))
    found.add(reading.trial)
    return True


class Examiner:
    """Looks for pickles in values of a pickle."""

    def __init__(self, found: Found, budget: Budget, depth: int = DEPTH) -> None:
        self._found, self._budget, self._depth = found, budget, depth

    def __call__(self, data: bytes) -> None:
        """Adds what a pickle in some bytes asks for.  Raises Broken if the budget is spent."""
        self._budget.spend_bytes(len(data))
        inner = self._found.trial()
        if self._depth == 0:
            if data[:1] == b"\x80":
                self._found.unread("it has pickles in pickles, too deep to be read")
            return
        is_one = read_pickles(held(data), inner, self._budget, sure=False, depth=self._depth - 1)
        if is_one and (inner.names or inner.result().unread):
            self._found.add(inner)


class _Reading:
    def __init__(self, content: Content, trial: Found, budget: Budget, depth: int) -> None:
        self._content, self.trial, self._budget = content, trial, budget
        self._examine = Examiner(trial, budget, depth)
        self._machine: Machine | None = None
        self._named = content.head(2)
        self.has_pickles = False
        self._has_arrays = False

    def run(self) -> None:
        """Reads all pickles.  Raises Broken at the first that cannot be read."""
        cursor = Cursor(self._content.open())
        number, is_torch = 0, False
        while number == 0 or not cursor.at_end():
            if is_torch and number >= TORCH_PICKLES:
                self._try_as_opcodes(cursor)  # the bytes of tensors
                return
            self._machine = machine = Machine(cursor, self.trial, self._budget, self._examine, arrays=True)
            try:
                value = machine.run()
            except Broken as error:
                raise (type(error)(f"after the end of its pickle: {error}") if number else error) from error
            finally:
                self._has_arrays |= machine.has_arrays
            number += 1
            self.has_pickles = True
            is_torch |= number == 1 and value == TORCH_MAGIC
            if number > STREAMS:
                raise GivesUp("it has too many pickles")

    def run_without_arrays(self) -> None:
        """Adds what `pickle.load` finds where `joblib.load` has arrays."""
        if self._has_arrays:
            self._try_as_opcodes(Cursor(self._content.open()))

    def acts_like_a_pickle(self) -> bool:
        """Whether what was read before it broke is more than chance."""
        machine = self._machine
        if machine is None:
            return False
        known = any(_root(asked) in sys.stdlib_module_names for asked in self.trial.names)
        begins = self._named[:1] == b"\x80" and self._named[1:] <= bytes([NEWEST_PROTOCOL])
        return known or bool(self.trial.names and machine.acts) or (begins and machine.steps >= STEPS)

    def _try_as_opcodes(self, cursor: Cursor) -> None:
        """Adds the names that another loader would find where this one has bytes of arrays or tensors."""
        trial = self.trial.trial()
        machine = Machine(cursor, trial, self._budget, self._examine, arrays=False)
        with suppress(Broken):  # as expected
            machine.run()
        roots = SECOND_ROOTS | {_root(asked) for asked in self.trial.names}
        for asked in trial.names:
            if asked.module.isprintable() and ("." in asked.module or _root(asked) in roots):
                self.trial.name(asked.module, asked.name, asked.offset)


def _root(asked: AskedName) -> str:
    return asked.module.split(".")[0]
