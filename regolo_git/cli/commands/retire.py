"""`git regolo retire`: retires a version."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.options.change import (
    Consent,
    consent_options,
    propose_option,
    push_option,
    talk_proposed,
)
from regolo_git.cli.streams import talk
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.versions.retire import RetirementPlan, exact_plan, plan_retirement
from regolo_git.registry.versions.retire import retire as carry_out
from regolo_git.text.commits import person
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text
from regolo_git.text.times import local_time


@click.command()
@reference_argument("MODEL@V")
@click.option(
    "-m", "--message", "reason", metavar="REASON", required=True, help="The reason, kept in the registry."
)
@consent_options
@propose_option
@push_option
@json_option
def retire(
    reference: Reference, reason: str, consent: Consent, propose: bool, push: bool | None, as_json: bool
) -> None:
    """Retire a version: keep its tag and history, but no longer guarantee its content.

    Shows the plan and asks for confirmation; without a terminal it requires --yes.  A version in use by an
    environment or an endpoint cannot be retired.  `git regolo remove` is an alias of this command.

    \b
    Examples:
      git regolo retire sentiment@1.0 -m "trained on the wrong data" --dry-run
      git regolo retire sentiment@1.0 -m "trained on the wrong data" --yes
      git regolo retire sentiment@1.0 -m "its licence ended" --propose --yes

    Exit status: 0 success; 2 invalid input, or already retired; 3 no such version; 4 not confirmed, the
    registry's files have uncommitted changes, or with --push something else was not pushed; 6 the store is
    not there, or the remote cannot be reached or refuses; 8 the version is in use.
    """
    if reference.latest:
        raise InvalidInput(
            f"give the version of '{reference.model}' to retire", Hint("list", reference.model)
        )
    with open_handle() as handle:
        plan = plan_retirement(handle, reference, reason)
        _show(plan)
        if consent.dry_run and not plan.exact:
            plan = exact_plan(handle, plan)
            talk(f"  exactly  {size_text(plan.free_bytes)} of it in no other version")
        name = plan.version.reference
        proceed = consent.given(
            f"Retire {name}?", otherwise=f"refusing to retire '{name}' without confirmation"
        )
        if proceed:
            done = carry_out(handle, plan, propose=propose, push=push)
            if propose:
                talk_proposed(f"to retire {name}", done.commit, done.branch)
    document: dict[str, Json] = {
        "model": plan.version.model_id,
        "version": plan.version.version,
        "reason": plan.reason,
        "free_bytes": plan.free_bytes,
        "exact": plan.exact,
        "retired": proceed and not propose,
    }
    put_result(name if proceed else None, document, as_json=as_json)


def _show(plan: RetirementPlan) -> None:
    version = plan.version
    talk(f"retire {version.reference}: {one_line(plan.reason)}")
    talk(f"  created  {local_time(version.created_at)} by {one_line(person(version.created_by))}")
    free = size_text(plan.free_bytes) if plan.exact else f"up to {size_text(plan.free_bytes)}"
    talk(f"  size     {size_text(version.size_bytes)}, {free} of it in no other version")
    talk(f"  tag      {version.tag} (kept)")
