"""What a hook says: a problem that stops what Git is about to do, or something worth knowing."""

from dataclasses import dataclass
from typing import Self

from regolo_git.errors import RegoloError
from regolo_git.hints import NextStep
from regolo_git.text.printable import one_line, printable


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence without its full stop; one that `blocks` stops the commit or the push."""

    what: str
    hint: NextStep | None = None
    blocks: bool = True

    @classmethod
    def not_checked(cls, what: str, error: RegoloError) -> Self:
        """That something could not be looked at, which is no reason to stop anybody."""
        return cls(f"not checked: {what}: {one_line(error.message)}", error.hint, blocks=False)


def about(path: str, what: str) -> str:
    """A sentence about a file, whose name may be hostile."""
    return f"'{printable(path)}' {what}"
