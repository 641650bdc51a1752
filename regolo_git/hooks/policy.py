"""The gates, asked before a change is committed: by the rules of HEAD, never by those of the change itself.

The review judges it (`reviews/review.py`), so that hook, review and promotion agree.
"""

from collections.abc import Iterator

from regolo_git.errors import NotFound, RegoloError
from regolo_git.git.index_commit import commit_of_index
from regolo_git.git.staged import StagedFiles
from regolo_git.hooks.remark import Remark
from regolo_git.registry.handle import Handle
from regolo_git.reviews.change_range import ChangeRange
from regolo_git.reviews.findings import WRONG
from regolo_git.reviews.review import Review, review_change
from regolo_git.text.printable import one_line, printable
from regolo_git.verdict.gate_result import GateResult


def check_policy(staged: StagedFiles) -> Iterator[Remark]:
    """What the gates on HEAD say of the staged records, of which there must be some."""
    handle = Handle(staged.paths, lambda _: None)
    try:
        head = handle.git.head_commit()
        if head is None or handle.records_at(head).config() is None:
            return  # there are no rules before the first commit of a registry
        staged_commit = commit_of_index(handle.git, head)
        review = review_change(handle, ChangeRange(head, head, staged_commit, "HEAD", "the index"))
        yield from judged(review)
    except NotFound as error:
        yield Remark.not_checked("the gates", error)
    except RegoloError as error:
        yield Remark(f"the gates cannot be asked: {one_line(error.message)}", error.hint)
    finally:
        handle.close()


def judged(review: Review, *, gates: bool = True) -> Iterator[Remark]:
    """What a review found: wrong records and failed gates stop the change; everything else is reported.

    Without `gates` only the records count, as for a proposal, whose gates its review judges.
    """
    for _, finding in review.findings:
        yield Remark(one_line(finding.what), finding.hint, blocks=finding.exit_code == WRONG)
    for reviewed in review.gates if gates else ():
        if reviewed.gate.state != "pass":
            yield gate_remark(reviewed.model, reviewed.gate)
    for rule in review.loosened if gates else ():
        what = f"this change loosens a rule, {one_line(rule.text)}"
        yield Remark(f"{what}: it is judged by the rule before", blocks=False)


def gate_remark(model: str, gate: GateResult) -> Remark:
    """What a gate says that does not pass, of a model or a version."""
    state = {"fail": "fails", "open": "is open", "not judged": "is not judged"}[gate.state]
    what = f"gate '{printable(gate.label)}' of '{printable(model)}' {state}: {one_line(gate.reason)}"
    return Remark(what, gate.way_out, blocks=gate.state == "fail")
