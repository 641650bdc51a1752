"""The stack and the memo of the symbolic machine, with the failures of the real ones."""

from typing import Any

from regolo_git.layouts.pickles.content import Broken, GivesUp
from regolo_git.layouts.pickles.values import SHARED

MARKS_LIMIT = 100_000
KEPT_LIMIT = 1_000_000  # entries of the memo that are out of order


class Stack:
    """Values, in parts between marks, and the memo."""

    def __init__(self) -> None:
        self._part: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: list[Any] = []
        self._elsewhere: dict[int, Any] = {}

    def push(self, value: object) -> None:
        """Adds a value."""
        self._part.append(value)

    def push_again(self, value: object) -> None:
        """Adds a value that is elsewhere too, so that a dict may be changed there unseen."""
        if isinstance(value, dict):
            value[SHARED] = True
        self._part.append(value)

    def pop(self) -> Any:
        """Takes the last value since the last mark."""
        if not self._part:
            raise Broken("an instruction lacks its value")
        return self._part.pop()

    def top(self) -> Any:
        """The last value since the last mark."""
        if not self._part:
            raise Broken("an instruction lacks its value")
        return self._part[-1]

    def mark(self) -> None:
        """Begins a new part."""
        if len(self._below) > MARKS_LIMIT:
            raise GivesUp("it is nested too deep")
        self._below.append(self._part)
        self._part = []

    def to_mark(self) -> list[Any]:
        """Takes the last part, and its mark."""
        if not self._below:
            raise Broken("an instruction lacks its mark")
        items, self._part = self._part, self._below.pop()
        return items

    def drop(self) -> None:
        """Removes a value, or else a mark."""
        if self._part:
            self._part.pop()
        else:
            self.to_mark()

    def keep(self, key: int) -> None:
        """Puts the last value into the memo."""
        value = self.top()
        if key == len(self._memo) and key not in self._elsewhere:
            self._memo.append(value)
        elif key < len(self._memo):
            self._memo[key] = value
        else:
            self._elsewhere[key] = value
            if len(self._elsewhere) > KEPT_LIMIT:
                raise GivesUp("it has too many values")

    def keep_next(self) -> None:
        """Puts the last value into the memo under the next number: how many values the memo has."""
        self.keep(len(self._memo) + len(self._elsewhere))

    def kept(self, key: int) -> None:
        """Adds a value of the memo."""
        if key < len(self._memo):
            self.push_again(self._memo[key])
        elif key in self._elsewhere:
            self.push_again(self._elsewhere[key])
        else:
            raise Broken("it uses a value that it has not kept")
