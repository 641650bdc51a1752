"""A refused push becomes one error, with the command that helps."""

import pytest

from regolo_git.errors import Conflict, LostRace, RegoloError, TransportError
from regolo_git.git.remote.porcelain import read_report
from regolo_git.git.remote.refusals import refusal_error
from regolo_git.git.remote.transport import Outcome, Pushed, RefUpdate, Refusal

MAIN, TAG = "refs/heads/main", "refs/tags/team/m@v1.0"


def pushed(ref: str, refusal: Refusal, reason: str = "") -> Pushed:
    other = TAG if ref == MAIN else MAIN
    return Pushed({other: Outcome(other, Refusal.ATOMIC), ref: Outcome(ref, refusal, reason)})


@pytest.mark.parametrize(
    ("ref", "refusal", "kind", "message", "hint"),
    [
        (TAG, Refusal.ALREADY_EXISTS, Conflict, "remote 'o' has another tag 'team/m@v1.0'", "git regolo renumber team/m@1.0"),
        ("refs/tags/x", Refusal.ALREADY_EXISTS, Conflict, "remote 'o' has another tag 'x'", "git ls-remote --tags"),
        (MAIN, Refusal.FETCH_FIRST, LostRace, "branch 'main' of remote 'o' has gone on", "git pull --rebase o"),
        (MAIN, Refusal.MOVED, LostRace, "branch 'main' of remote 'o' has gone on", "git pull --rebase o"),
        (MAIN, Refusal.PROTECTED, TransportError, "remote 'o' protects branch 'main': why", "propose the change instead (--propose)"),
        (MAIN, Refusal.NO_PERMISSION, TransportError, "remote 'o' does not let you write branch 'main': why", "git remote -v"),
        (MAIN, Refusal.HOOK, TransportError, "remote 'o' refused branch 'main': why", "git remote -v"),
        ("refs/x", Refusal.OTHER, TransportError, "remote 'o' refused ref 'refs/x': why", "git remote -v"),
    ],
    ids=["version tag", "other tag", "fetch first", "moved", "protected", "permission", "hook", "other"],
)  # fmt: skip
def test_the_error_names_the_ref_and_the_next_step(
    ref: str, refusal: Refusal, kind: type[RegoloError], message: str, hint: str
) -> None:
    error = refusal_error("o", pushed(ref, refusal, "why"))
    assert type(error) is kind
    assert (error.message, str(error.hint)) == (message, hint)


@pytest.mark.parametrize(
    ("refusal", "said", "message"),
    [
        (Refusal.PROTECTED, "GH006: Protected branch update failed for refs/heads/main.", "protects branch 'main'"),
        (Refusal.PROTECTED, "You are not allowed to push to protected branches.", "protects branch 'main'"),
        (Refusal.HOOK, "refs/heads/main needs a card", "refused branch 'main'"),
        (Refusal.HOOK, "refs/heads/main2 needs a card", "refused the push"),
        (Refusal.HOOK, "not today", "refused the push"),
    ],
    ids=["github", "gitlab", "named", "another named", "not named"],
)  # fmt: skip
def test_a_hook_that_refuses_all_refs_is_reported_for_its_own(
    refusal: Refusal, said: str, message: str
) -> None:
    outcomes = {ref: Outcome(ref, refusal, "why") for ref in (TAG, MAIN)}
    assert refusal_error("o", Pushed(outcomes, (said,))).message == f"remote 'o' {message}: why"


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("error: cannot lock ref 'refs/heads/ops': is at a but expected b", Refusal.MOVED),
        ("error: cannot lock ref 'refs/heads/other': is at a but expected b", Refusal.OTHER),
        ("", Refusal.OTHER),
    ],
)
def test_a_failed_transaction_has_its_cause_beside_a_ref_that_stays(said: str, refusal: Refusal) -> None:
    report = (
        "To http://host/registry.git\n"
        f"=\t{MAIN}:{MAIN}\t[up to date]\n"
        "!\tabc:refs/heads/ops\t[remote rejected] (atomic transaction failed)\n"
        "Done\n"
    )
    updates = RefUpdate("refs/heads/ops", "abc", "old"), RefUpdate(MAIN, "same", "same")
    found = read_report(report, updates, [said])
    assert found is not None
    assert {ref: outcome.refusal for ref, outcome in found.outcomes.items()} == {
        "refs/heads/ops": refusal,
        MAIN: None,
    }
