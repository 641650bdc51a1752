"""The error for a push that a remote refused, for callers that cannot go on without it."""

import re

from regolo_git.errors import Conflict, LostRace, RegoloError, TransportError
from regolo_git.git.remote.failures import without_credentials
from regolo_git.git.remote.transport import BRANCHES, RACES, TAGS, Outcome, Pushed, Refusal
from regolo_git.hints import Hint, NextStep
from regolo_git.records.references import version_reference
from regolo_git.records.versions import parse_tag_name

BY_REMOTE = {
    Refusal.PROTECTED: ("protects {ref}", "propose the change instead (--propose)"),
    Refusal.NO_PERMISSION: ("does not let you write {ref}", "git remote -v"),
    Refusal.HOOK: ("refused {ref}", "git remote -v"),
    Refusal.OTHER: ("refused {ref}", "git remote -v"),
}


def refusal_error(remote: str, pushed: Pushed) -> RegoloError:
    """The error for the ref that was refused first, not only because another one was.

    Nothing of the push has landed.  A Conflict is about a tag of other content, a LostRace about a remote
    that went on; anything else is a TransportError with the words of the server.
    """
    outcome, name = _cause(pushed), without_credentials(remote)
    ref = "the push" if _is_about_all(pushed, outcome) else _ref_text(outcome.ref)
    if outcome.refusal is Refusal.ALREADY_EXISTS:
        return Conflict(f"remote '{name}' has another {ref}", _renumber(outcome))
    if outcome.refusal in RACES:
        return LostRace(f"{ref} of remote '{name}' has gone on", f"git pull --rebase {name}")
    problem, hint = BY_REMOTE.get(outcome.refusal or Refusal.OTHER, BY_REMOTE[Refusal.OTHER])
    return TransportError(f"remote '{name}' {problem.format(ref=ref)}: {outcome.reason}", hint)


def _cause(pushed: Pushed) -> Outcome:
    """The refusal to tell.

    A hook that judges a whole push refuses every ref alike.  Its words may name the one that it is about; if
    something is protected, that is rather a branch.
    """
    alike = _alike(pushed)
    named = [outcome for outcome in alike if _is_named(outcome.ref, pushed)]
    if named or alike[0].refusal is not Refusal.PROTECTED:
        return (named or alike)[0]
    return next((outcome for outcome in alike if outcome.ref.startswith(BRANCHES)), alike[0])


def _is_about_all(pushed: Pushed, outcome: Outcome) -> bool:
    """Whether several refs were refused by one hook that names none of them."""
    by_hook = outcome.refusal is Refusal.HOOK and len(_alike(pushed)) > 1
    return by_hook and not _is_named(outcome.ref, pushed)


def _alike(pushed: Pushed) -> list[Outcome]:
    first, *others = pushed.refused
    return [first, *(each for each in others if (each.refusal, each.reason) == (first.refusal, first.reason))]


def _is_named(ref: str, pushed: Pushed) -> bool:
    words = re.compile(rf"{re.escape(ref)}(?![\w/@-]|\.\w)")
    return any(words.search(line) for line in pushed.said)


def _ref_text(ref: str) -> str:
    for prefix, kind in ((BRANCHES, "branch"), (TAGS, "tag")):
        if ref.startswith(prefix):
            return f"{kind} '{ref.removeprefix(prefix)}'"
    return f"ref '{ref}'"


def _renumber(outcome: Outcome) -> NextStep:
    """The command that gives the version of this clone another number."""
    found = parse_tag_name(outcome.ref.removeprefix(TAGS))
    return Hint("renumber", version_reference(*found)) if found is not None else "git ls-remote --tags"
