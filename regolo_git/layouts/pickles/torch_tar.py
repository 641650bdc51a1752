"""The two members of PyTorch's old tar files in which pickles alternate with the bytes of tensors."""

from collections.abc import Callable

from regolo_git.layouts.pickles.content import Broken, Budget, Content
from regolo_git.layouts.pickles.cursor import Cursor
from regolo_git.layouts.pickles.found import Found
from regolo_git.layouts.pickles.machine import Machine
from regolo_git.layouts.pickles.streams import Examiner
from regolo_git.layouts.pickles.values import Name

COUNT_LIMIT = 1_000_000
DIMENSIONS_LIMIT = 64
ELEMENT_SIZES = {
    **dict.fromkeys(("ByteStorage", "CharStorage", "BoolStorage", "QInt8Storage", "QUInt8Storage"), 1),
    **dict.fromkeys(("ShortStorage", "HalfStorage", "BFloat16Storage"), 2),
    **dict.fromkeys(("IntStorage", "FloatStorage", "QInt32Storage"), 4),
    **dict.fromkeys(("LongStorage", "DoubleStorage", "ComplexFloatStorage"), 8),
    "ComplexDoubleStorage": 16,
}


class _Alternating:
    """Pickles of one member, read one at a time."""

    def __init__(self, content: Content, found: Found, budget: Budget) -> None:
        self.cursor = Cursor(content.open())
        self._found, self._budget, self._examine = found, budget, Examiner(found, budget)

    def next(self) -> object:
        return Machine(self.cursor, self._found, self._budget, self._examine, arrays=False).run()

    def count(self) -> int:
        count = self.next()
        if type(count) is not int or not 0 <= count <= COUNT_LIMIT:
            raise Broken("its tensors are described in an unusual way")
        return count


def _storages(member: _Alternating) -> None:
    for _ in range(member.count()):
        described = member.next()
        kind = described[2] if isinstance(described, tuple) and len(described) == 3 else None
        size = ELEMENT_SIZES.get(kind.name.rpartition(".")[2]) if isinstance(kind, Name) else None
        if size is None:
            raise Broken("its tensors are described in an unusual way")
        member.cursor.skip(member.cursor.number(8) * size)
    member.next()  # the views


def _tensors(member: _Alternating) -> None:
    for _ in range(member.count()):
        member.next()
        dimensions = member.cursor.number(4)
        if dimensions > DIMENSIONS_LIMIT:
            raise Broken("its tensors are described in an unusual way")
        member.cursor.skip(4 + 16 * dimensions + 8)


READERS: dict[str, Callable[[_Alternating], None]] = {"storages": _storages, "tensors": _tensors}


def read(path: str, content: Content, found: Found, budget: Budget) -> bool:
    """Adds what such a member asks for; False if it is another file of the same name."""
    trial = found.trial()
    member = _Alternating(content, trial, budget)
    try:
        READERS[path](member)
    except Broken:
        return False
    if not member.cursor.at_end():
        return False
    found.add(trial)
    return True
