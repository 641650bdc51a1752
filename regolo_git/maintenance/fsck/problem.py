"""The problems that a check finds."""

from dataclasses import dataclass

from regolo_git.hints import NextStep


@dataclass(frozen=True, slots=True)
class Problem:
    """The subject (a tag, version or file), the problem with it, and a command that helps.

    With `note` it is only worth knowing, and nothing is wrong.
    """

    subject: str
    what: str
    hint: NextStep | None = None
    note: bool = False
