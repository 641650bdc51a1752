"""`git regolo renumber`: gives a version that was never pushed the next free number."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.options.change import Consent, consent_options
from regolo_git.cli.streams import talk, talk_next
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.versions.renumber import renumber as carry_out
from regolo_git.registry.versions.renumber_plan import RenumberPlan, plan_renumbering


@click.command()
@reference_argument("MODEL@V")
@consent_options
@json_option
def renumber(reference: Reference, consent: Consent, as_json: bool) -> None:
    """Give a version that was never pushed the next free number, such as after another clone took its own.

    The version is committed again under the new number, on top of the branch, and its old local tag is
    removed.  Unpushed versions that follow it get new numbers too; environments and endpoints follow.  If the
    branch has only these commits more than its remote, it goes on from the remote's commit, so that it can be
    pushed.  Otherwise merge or rebase first, and keep either manifest in a conflict.

    Shows the plan and asks for confirmation; without a terminal it requires --yes.  Prints the new reference.

    \b
    Examples:
      git regolo renumber sentiment@1.1 --dry-run
      git regolo renumber sentiment@1.1 --yes && git regolo push

    Exit status: 0 success; 2 invalid input; 3 no such version, or a shallow clone; 4 not confirmed, the
    version was pushed, the branch has diverged, or files have uncommitted changes.
    """
    with open_handle() as handle:
        plan = plan_renumbering(handle, reference)
        _show(plan)
        first = plan.steps[0]
        proceed = consent.given(
            f"Renumber {first.before}?",
            otherwise=f"refusing to renumber '{first.before}' without confirmation",
        )
        if proceed:
            carry_out(handle, plan)
    if proceed:
        talk_next(str(Hint("push")))
    document: dict[str, Json] = {
        "versions": [
            {"model": step.row.model, "before": step.row.version, "version": step.version}
            for step in plan.steps
        ],
        "pins": list(plan.pins),
        "branch": plan.branch,
        "renumbered": proceed,
    }
    put_result(first.after if proceed else None, document, as_json=as_json)


def _show(plan: RenumberPlan) -> None:
    for step in plan.steps:
        talk(f"renumber {step.before} to {step.version}")
        talk(f"  tag     {step.row.tag} (removed here)")
    if plan.onto is not None:
        talk(f"  branch  {plan.branch} goes on from origin/{plan.branch}")
    for pin in plan.pins:
        talk(f"  pin     {pin} follows")
