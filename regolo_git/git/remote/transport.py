"""What every transport to a remote does; `choose.py` decides between the two that there are.

A remote is named by the configuration (`origin`) or by its URL.  Ids are those of objects; the id of an
annotated tag is that of the tag object.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

ABSENT = "0" * 40  # as the expected object of a ref that the remote must not have
BRANCHES, TAGS = "refs/heads/", "refs/tags/"


class GitProgress(NamedTuple):
    """How far a phase is ("Receiving objects"), in its own units; the total of some is not known."""

    phase: str
    done: int
    total: int | None


OnGitProgress = Callable[[GitProgress], None]


def ignore_git_progress(progress: GitProgress) -> None:
    """Reports nothing."""


class RefUpdate(NamedTuple):
    """What a ref of a remote becomes.

    A ref moves only to a commit that contains its present one, and a tag is only created.  If `expected`
    is given, the remote's ref must be that object when it is moved, or ABSENT.  `replaces` gives up the
    commits of a branch up to `expected`, which is required then.
    """

    ref: str
    new: str
    expected: str | None = None
    replaces: bool = False


class Refusal(StrEnum):
    """Why a ref was not moved."""

    FETCH_FIRST = "fetch first"  # the remote has commits that this clone lacks
    NON_FAST_FORWARD = "non-fast-forward"  # the remote has commits that the new one does not contain
    MOVED = "moved"  # it is not the expected object, or was moved during the push
    ALREADY_EXISTS = "already exists"  # a tag of another object
    ATOMIC = "atomic"  # another ref of the same push was refused
    HOOK = "hook declined"
    PROTECTED = "protected"
    NO_PERMISSION = "no permission"
    OTHER = "rejected"


RACES = frozenset({Refusal.FETCH_FIRST, Refusal.NON_FAST_FORWARD, Refusal.MOVED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one ref: moved, or as wanted already (`refusal` None), or refused with a reason."""

    ref: str
    refusal: Refusal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The outcome of each ref, in the order of the updates, and the lines that the server wrote."""

    outcomes: Mapping[str, Outcome]
    said: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The refs that were refused; those that only shared their fate are last."""
        refused = [outcome for outcome in self.outcomes.values() if outcome.refusal is not None]
        return tuple(sorted(refused, key=lambda outcome: outcome.refusal is Refusal.ATOMIC))

    @property
    def lost_race(self) -> bool:
        """Whether refs were refused only because the remote went on: after a fetch it may succeed."""
        causes = {outcome.refusal for outcome in self.refused} - {Refusal.ATOMIC}
        return bool(causes) and causes <= RACES


class Transport(Protocol):
    """The way to remotes of one repository.

    Every method raises TransportError if the remote cannot be reached, stops answering or denies access, and
    NotFound if it is not a repository; the hint is the next step.
    """

    def refs(self, remote: str, patterns: Iterable[str]) -> dict[str, str]:
        """The refs of a remote that match one of some patterns, sorted, with their objects.

        A pattern is a full name (`refs/heads/main`), or the beginning of one with a `*` at its end
        (`refs/tags/sentiment@*`); no other ref is transferred where the server can leave it out.
        """

    def fetch(
        self, remote: str, refspecs: Sequence[str], on_progress: OnGitProgress = ignore_git_progress
    ) -> None:
        """Fetches objects, and moves the refs on the right of refspecs to them.

        `+refs/heads/*:refs/remotes/origin/*` moves refs; `refs/tags/sentiment@v1.0` alone fetches the objects
        and moves no ref.  Branches and tags of this clone must not be on the right.  Raises NotFound if the
        remote does not have a ref that is named without `*`.
        """

    def push(
        self, remote: str, updates: Sequence[RefUpdate], on_progress: OnGitProgress = ignore_git_progress
    ) -> Pushed:
        """Moves refs of a remote, all of them or none, after the objects that they need have arrived.

        A `pre-push` hook of this clone runs first and may refuse, which raises Conflict.  Raises
        TransportError if the server cannot move refs atomically and there are several.
        """
