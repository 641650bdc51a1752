"""`git regolo evict`: frees local copies that the shared store has."""

from datetime import timedelta

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_json
from regolo_git.cli.options.arguments import references_argument
from regolo_git.cli.options.change import Consent, ask_before_store, consent_options
from regolo_git.cli.streams import put, talk
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.evict import EvictionPlan, plan_eviction
from regolo_git.registry.evict import evict as carry_out
from regolo_git.text.sizes import size_text


@click.command()
@references_argument
@click.option(
    "--unused",
    "days",
    metavar="DAYS",
    type=click.IntRange(min=0),
    help="Every version that this clone has not read from for so many days.",
)
@consent_options
@json_option
def evict(references: tuple[Reference, ...], days: int | None, consent: Consent, as_json: bool) -> None:
    """Free the local copies of versions that the shared store has.

    Only chunks go that the shared store is verified to hold; what a version needs that was not pushed stays.
    The next checkout fetches them again.  Shows the plan and asks for confirmation; without a terminal it
    requires --yes.  Prints each version of which something was freed.

    \b
    Examples:
      git regolo evict sentiment@1.0 sentiment@1.1
      git regolo evict --unused 30 --dry-run

    Exit status: 0 success; 2 invalid input, or the clone has no local copies; 3 no such version, or no shared
    store; 4 not confirmed, or another process is writing to the store; 5 a damaged recipe; 6 a store cannot
    be reached; 8 the shared store is not confirmed.
    """
    if bool(references) == (days is not None):
        raise InvalidInput("name versions, or give --unused DAYS", Hint("evict", "--unused", "30"))
    with open_handle() as handle:
        ask_before_store(handle, yes=consent.yes)
        unused = timedelta(days=days) if days is not None else None
        plan = plan_eviction(handle, references, unused=unused)
        _show(plan)
        proceed = plan.size > 0 and consent.given(
            f"Free {size_text(plan.size)}?",
            otherwise=f"refusing to free {size_text(plan.size)} without confirmation",
        )
        freed = carry_out(handle, plan) if proceed else 0
    if as_json:
        put_json(_document(plan, freed, evicted=proceed))
    elif proceed:
        for version in plan.versions:
            if version.kept is None:
                put(version.reference)


def _show(plan: EvictionPlan) -> None:
    for version in plan.versions:
        state = size_text(version.size) if version.kept is None else f"kept: {version.kept}"
        talk(f"  {version.reference}  {state}")
    talk(f"{size_text(plan.size)} can be freed" if plan.size else "nothing can be freed")


def _document(plan: EvictionPlan, freed: int, *, evicted: bool) -> Json:
    return {
        **plan.to_dict(),
        "freed": freed,
        "evicted": evicted,
    }
