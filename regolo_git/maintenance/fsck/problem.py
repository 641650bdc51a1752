"""What a check finds: the subject, what is wrong with it, and the command that helps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    subject: str
    what: str
    hint: str | None = None
