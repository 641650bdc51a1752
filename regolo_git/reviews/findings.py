"""What a review found to be wrong, or could not judge, each with the exit status that it stands for."""

from dataclasses import dataclass
from typing import Final

from regolo_git.errors import IntegrityError, NotFound, RegoloError, TransportError
from regolo_git.hints import NextStep

WRONG: Final = IntegrityError.exit_code
NOT_JUDGED: Final = TransportError.exit_code


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence without its full stop, the next step, and WRONG or NOT_JUDGED."""

    what: str
    exit_code: int
    hint: NextStep | None = None

    @classmethod
    def of(cls, error: RegoloError, about: str = "") -> "Finding":
        """The finding that an error stands for: damage is wrong, what cannot be had is not judged."""
        wrong = isinstance(error, IntegrityError) and not isinstance(error, NotFound)
        return cls(f"{about}{error.message}", WRONG if wrong else NOT_JUDGED, error.hint)
