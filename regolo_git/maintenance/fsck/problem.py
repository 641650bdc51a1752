"""What a check finds: the subject, what is wrong with it, and the command that helps."""

from dataclasses import dataclass

from regolo_git.hints import NextStep


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    subject: str
    what: str
    hint: NextStep | None = None
