"""What `doctor` finds: a problem, whether it was repaired, and the next step."""

from dataclasses import dataclass
from typing import Literal

from regolo_git.hints import NextStep

Kind = Literal["repaired", "to repair", "left", "limit"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem: "repaired", "to repair" (in a dry run), "left" to the user, or a "limit" of this clone."""

    kind: Kind
    what: str
    hint: NextStep | None = None
