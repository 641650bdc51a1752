"""The output of `git push --porcelain`, and the meaning of a refusal, which dulwich words alike."""

import re
from collections.abc import Mapping, Sequence

from regolo_git.git.remote.transport import TAGS, Outcome, Pushed, RefUpdate, Refusal

# "!\t<from>:refs/heads/main\t[remote rejected] (pre-receive hook declined)"
LINE = re.compile(r"^([ +*=!-])\t[^\t]*:([^\t]+)\t(?:\[([^]]+)\])?[^(]*(?:\((.*)\))?$")
MEANINGS = {
    "fetch first": Refusal.FETCH_FIRST,
    "non-fast-forward": Refusal.NON_FAST_FORWARD,
    "already exists": Refusal.ALREADY_EXISTS,
    "would clobber existing tag": Refusal.ALREADY_EXISTS,
    "stale info": Refusal.MOVED,
    "failed to update ref": Refusal.MOVED,
    "incorrect old value provided": Refusal.MOVED,
    "reference already exists": Refusal.MOVED,
    "protected branch hook declined": Refusal.PROTECTED,
    "push declined due to repository rule violations": Refusal.PROTECTED,
}
SHARED = ("atomic push failed", "atomic push failure", "atomic transaction failed", "transaction failed")
PROTECTED = re.compile(
    r"protected branch|GH006|GH013|rule violations|TF402455|only be modified through (?:a )?pull request"
    r"|protected ref|not allowed to push (?:code )?to protected|must use a pull request",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"DENIED by|permission (?:to \S+ )?denied|not allowed to push|no permission|not have permission"
    r"|insufficient permission|not authorized|access denied",
    re.IGNORECASE,
)
OF_GIT = "error: hook declined to update "  # what the git at the other end adds to the words of the hook
RACE = re.compile(r"cannot lock ref '([^']+)'")


def read_report(output: str, updates: Sequence[RefUpdate], said: Sequence[str]) -> Pushed | None:
    """The outcome of each update; None if git has not reported on all of them.

    Over HTTP, git 2.39 leaves out the refs that share the fate of a refused one.
    """
    found: dict[str, Outcome] = {}
    for line in output.split("\n"):
        if (parts := LINE.match(line)) is not None:
            flag, ref, summary, reason = parts.groups()
            if flag == "!":
                found[ref] = refused(ref, reason or summary or "", said)
            else:
                found.setdefault(ref, Outcome(ref))  # another URL of the remote may have refused it
    fate = Refusal.ATOMIC if any(outcome.refusal is not None for outcome in found.values()) else None
    if fate is None and any(update.ref not in found for update in updates):
        return None
    return judged([found.get(update.ref, Outcome(update.ref, fate)) for update in updates], said)


def refused(ref: str, reason: str, said: Sequence[str]) -> Outcome:
    """The outcome of a ref that was refused in the words of a status line and of the server."""
    words = "\n".join(said)
    if reason in SHARED:
        return Outcome(ref, Refusal.ATOMIC, reason)
    meaning = MEANINGS.get(reason)
    if meaning is None and PROTECTED.search(f"{words}\n{reason}"):
        meaning = Refusal.PROTECTED
    if meaning is None and FORBIDDEN.search(f"{words}\n{reason}"):
        meaning = Refusal.NO_PERMISSION
    if meaning is None and "hook declined" in reason:
        meaning = Refusal.HOOK
    return Outcome(ref, meaning or Refusal.OTHER, _in_full(reason, said))


def _in_full(reason: str, said: Sequence[str]) -> str:
    """The reason with what the server has written about it."""
    by_server = "hook" in reason or "rule" in reason
    words = [line for line in said if not line.startswith(OF_GIT)]
    return f"{reason}: {'; '.join(words)}" if words and by_server else reason


def judged(outcomes: Sequence[Outcome], said: Sequence[str]) -> Pushed:
    """The outcomes with the cause among them, where the server names none.

    A server that finds a ref moved in its transaction reports the failed transaction for every ref alike, but
    not for one that is sent for its lease alone and stays where it is.
    """
    if {outcome.refusal for outcome in outcomes} - {None} == {Refusal.ATOMIC}:
        outcomes = _with_cause(outcomes, said)
    return Pushed({outcome.ref: _as_tag(outcome) for outcome in outcomes}, tuple(said))


def _with_cause(outcomes: Sequence[Outcome], said: Sequence[str]) -> list[Outcome]:
    moved = {found[1] for line in said if (found := RACE.search(line))}
    reason = "; ".join(line for line in said if "error" in line) or outcomes[0].reason
    if not moved.intersection(outcome.ref for outcome in outcomes):
        return [
            Outcome(outcome.ref, Refusal.OTHER, reason) if outcome.refusal is not None else outcome
            for outcome in outcomes
        ]
    return [
        Outcome(outcome.ref, Refusal.MOVED, reason) if outcome.ref in moved else outcome
        for outcome in outcomes
    ]


def _as_tag(outcome: Outcome) -> Outcome:
    """A tag that was not there a moment before exists now."""
    if outcome.refusal is Refusal.MOVED and outcome.ref.startswith(TAGS):
        return Outcome(outcome.ref, Refusal.ALREADY_EXISTS, outcome.reason)
    return outcome


def not_sent(updates: Sequence[RefUpdate], causes: Mapping[str, Refusal]) -> Pushed:
    """The outcomes of a push that was not tried, because this clone itself has the reason for some refs."""
    return Pushed(
        {update.ref: Outcome(update.ref, causes.get(update.ref, Refusal.ATOMIC)) for update in updates}
    )
