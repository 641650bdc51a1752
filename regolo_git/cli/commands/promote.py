"""`git regolo promote`: promotes a version to an environment."""

import os
from collections.abc import Callable, Iterable
from functools import partial

import click

from regolo_git.cli.context import Cancelled, open_handle
from regolo_git.cli.forms import Json, json_option, put_json, put_result
from regolo_git.cli.options.arguments import complete_environments, reference_argument
from regolo_git.cli.options.change import (
    ask,
    ask_before_store,
    message_option,
    propose_option,
    push_option,
    unmerged_option,
)
from regolo_git.cli.pages.promotion import Compared, compared, judgement_document, talk_judgement
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import talk, talk_note
from regolo_git.hints import Hint
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.records.references import Reference
from regolo_git.registry.environments.declared import UnknownEnvironment
from regolo_git.registry.environments.judgement import GatesRefused, Judgement
from regolo_git.registry.environments.permission import environment_rule, may_declare
from regolo_git.registry.environments.promote import Promoted, canary_notice
from regolo_git.registry.environments.promote import promote as promote_version
from regolo_git.registry.handle import Handle
from regolo_git.serving.unloadable import notices_of_moved
from regolo_git.text.commits import short


@click.command()
@reference_argument("MODEL@V")
@click.argument("environment", metavar="ENV", shell_complete=complete_environments)
@click.option("--replicas", type=int, metavar="N", help="The number of workers in that environment.")
@click.option("--yes", "-y", is_flag=True, help="Declare ENV if it is not in the configuration.")
@click.option("--at-once", is_flag=True, help="Move endpoints without a canary.")
@propose_option
@click.option("--dry-run", "-n", is_flag=True, help="Check everything, and commit nothing.")
@push_option
@unmerged_option
@message_option
@json_option
def promote(
    reference: Reference,
    environment: str,
    replicas: int | None,
    yes: bool,
    at_once: bool,
    propose: bool,
    dry_run: bool,
    push: bool | None,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Promote a version to ENV, together with the endpoints that follow ENV, in one commit.

    Verifies the version's content first, compares it with the version that is in ENV now, and asks the gates
    of the model card and of ENV.  A gate that fails refuses the promotion; one without a number is open and
    is said.  The configuration declares the environments, and those that a version must pass through first.
    For an environment that is not declared the command asks whether to declare it, in the same commit;
    without a terminal it requires --yes.  If promotions go to a branch of their own (registry.operations),
    declare it with git regolo config first.  Promoting the version that ENV has already brings back endpoints
    that were moved away from it.  Prints the version's reference.

    If an endpoint that follows ENV has a [canary] table, its canary starts instead, whose last step moves ENV
    and the other endpoints; --at-once, or a promotion while one runs, moves everything now.  With --push, or
    regolo.push = always in git config, the command fetches first, commits on the tip of the remote's branch
    and pushes; if the remote refuses, nothing is changed here.

    \b
    Examples:
      git regolo promote sentiment@1.1 production --replicas 10
      git regolo promote sentiment@staging production --propose
      git regolo promote sentiment@1.2 production --dry-run --json

    Exit status: 0 success; 2 invalid input, or unknown environment; 3 no such version, or its content is not
    in the store; 4 already promoted there, or with --push something else was not pushed; 5 corrupt content;
    6 the store is not there, or the remote cannot be reached or refuses; 8 not merged, or forbidden by a
    rule or a gate.
    """
    with open_handle() as handle:
        ask_before_store(handle)
        attempt = partial(
            promote_version,
            handle,
            reference,
            environment,
            replicas=replicas,
            message=message,
            propose=propose,
            unmerged=unmerged,
            new_environment=yes or _asked(handle, environment),
            at_once=at_once,
            push=push,
            dry_run=dry_run,
        )
        done = _attempted(handle, attempt, as_json)
        found = compared(handle, done.judgement)
        notices = notices_of_moved(handle, () if propose or dry_run else done.endpoints, os.environ)
    _report(done, propose, found, notices)
    put_result(done.promotion.reference, _document(done, found), as_json=as_json)


def _attempted(handle: Handle, attempt: Callable[..., Promoted], as_json: bool) -> Promoted:
    """The promotion.  Raises GatesRefused, after a report of all gates."""
    try:
        with ProgressBar("checking") as bar:
            return attempt(on_progress=bar.show)
    except GatesRefused as refused:
        _report_refused(handle, refused.judgement, as_json)
        raise


def _report_refused(handle: Handle, judgement: Judgement, as_json: bool) -> None:
    found = compared(handle, judgement)
    talk(f"{judgement.version.reference} is not promoted to {judgement.environment}")
    talk_judgement(judgement, found)
    if as_json:
        document = {
            "model": judgement.version.model_id,
            "version": judgement.version.version,
            "environment": judgement.environment,
            "previous": judgement.there.version if judgement.there else None,
            "commit": None,
        }
        put_json(document | judgement_document(judgement, found))


def _asked(handle: Handle, environment: str) -> bool:
    """Asks whether to declare an environment; False without a terminal.  Raises Cancelled on no."""
    try:
        environment_rule(handle, environment)
    except UnknownEnvironment as unknown:
        if not may_declare(handle):
            raise
        answer = ask(f"{unknown.message}. Declare '{environment}'?")
        if answer is False:
            raise Cancelled("cancelled; nothing was changed") from unknown
        return bool(answer)
    return False


def _report(done: Promoted, proposed: bool, found: Compared, notices: Iterable[str]) -> None:
    _report_canary(done, proposed, found) if done.canaries else _report_promotion(done, proposed, found)
    for notice in notices:
        talk_note(notice)


def _report_promotion(done: Promoted, proposed: bool, found: Compared) -> None:
    promotion = done.promotion
    before = f" (was {done.previous.version})" if done.previous else ""
    verb = "proposed" if proposed else "promoted"
    if done.commit is None:
        verb = "would propose" if proposed else "would promote"
    talk(f"{verb} {promotion.reference} to {promotion.environment}{before}")
    if done.declared:
        talk(f"  declared  environment {promotion.environment}, after the others ({CONFIG_PATH})")
    talk(f"  replicas  {promotion.replicas}")
    if done.commit is not None:
        talk(f"  commit    {short(done.commit)} on {done.branch}")
    for endpoint in done.endpoints:
        moves = "moved" if done.commit is not None else "would move"
        talk(f"  endpoint  {endpoint} {moves} to {promotion.version}")
    talk_judgement(done.judgement, found)
    if done.pushed_to is not None:
        talk(f"  pushed    to {done.pushed_to}")
    elif proposed and done.commit is not None:
        talk(f"  next      {Hint('push')}")


def _report_canary(done: Promoted, proposed: bool, found: Compared) -> None:
    verb = "proposed" if proposed else "started"
    talk(f"{verb if done.commit is not None else 'would start'} {canary_notice(done)}")
    if done.commit is not None:
        talk(f"  commit    {short(done.commit)} on {done.branch}")
    talk_judgement(done.judgement, found)
    if done.pushed_to is not None:
        talk(f"  pushed    to {done.pushed_to}")


def _document(done: Promoted, found: Compared) -> dict[str, Json]:
    promotion = done.promotion
    return {
        "model": promotion.model,
        "version": promotion.version,
        "environment": promotion.environment,
        "replicas": promotion.replicas,
        "previous": done.previous.version if done.previous else None,
        "commit": done.commit,
        "branch": done.branch,
        "endpoints": list(done.endpoints),
        "canaries": list(done.canaries),
        "declared": done.declared,
        "pushed_to": done.pushed_to,
        **judgement_document(done.judgement, found),
    }
