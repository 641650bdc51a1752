"""The notes of `list` and `status` about proposals that wait."""

from collections.abc import Sequence

from regolo_git.cli.forms import Json
from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.registry.handle import Handle
from regolo_git.registry.proposal_tips import follow_step
from regolo_git.registry.waiting_proposals import WaitingProposal
from regolo_git.text.commits import person
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import one_line

SHOWN = 3


def proposals_document(proposals: Sequence[WaitingProposal]) -> list[Json]:
    """Proposals as JSON documents."""
    return [
        {
            "versions": list(proposal.versions),
            "places": list(proposal.places),
            "commit": proposal.commit,
            "author": proposal.author,
            "created_at": proposal.created_at,
            "taken": list(proposal.taken),
            "outdated": list(proposal.outdated),
        }
        for proposal in proposals
    ]


def talk_of_proposals(handle: Handle, proposals: Sequence[WaitingProposal], branch: str) -> None:
    """Says which proposals wait for `branch` and where, and how the first one is looked at."""
    for proposal in proposals[:SHOWN]:
        what = few_of(list(proposal.versions[:SHOWN]), len(proposal.versions)) or one_line(proposal.places[0])
        where = ", ".join(map(one_line, proposal.places))
        by = one_line(person(proposal.author))
        place = f" (on {where})" if proposal.versions else ""
        taken = f"; another version is {few_of(list(proposal.taken), len(proposal.taken))} now"
        talk_note(f"{what} is proposed by {by}{place}{taken if proposal.taken else ''}")
        for outdated in proposal.outdated:
            talk_note(f"{one_line(outdated)} here is that proposal before it was made again")
            talk_next(follow_step(handle, outdated, _newer_place(proposal, outdated)))
    if len(proposals) > SHOWN:
        talk_note(f"and {len(proposals) - SHOWN} more proposals: git regolo status --json")
    if proposals:
        talk_next(str(_look_at(proposals[0], branch)))


def _newer_place(proposal: WaitingProposal, outdated: str) -> str:
    """The branch that has a proposal as it is now, of those with the name of an outdated one."""
    named = (place for place in proposal.places if place.endswith(f"/{outdated}"))
    return next(named, proposal.places[0])


def _look_at(proposal: WaitingProposal, branch: str) -> Hint:
    """What shows a proposal: a comparison of versions, or a review of another change."""
    place = one_line(proposal.places[0])
    return Hint("diff", f"{branch}...{place}") if proposal.versions else Hint("review", f"{branch}..{place}")
