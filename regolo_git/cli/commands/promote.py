"""`git regolo promote`: promotes a version to an environment."""

import os

import click

from regolo_git.cli.context import Cancelled, open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import complete_environments, reference_argument
from regolo_git.cli.options.change import ask, ask_before_store, message_option, push_option, unmerged_option
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import talk, talk_note
from regolo_git.hints import Hint
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.records.references import Reference, version_reference
from regolo_git.registry.environments.declared import UnknownEnvironment
from regolo_git.registry.environments.permission import environment_rule, may_declare
from regolo_git.registry.environments.promote import Promoted
from regolo_git.registry.environments.promote import promote as promote_version
from regolo_git.registry.handle import Handle
from regolo_git.serving.unloadable import notices_of_moved
from regolo_git.text.commits import short


@click.command()
@reference_argument("MODEL@V")
@click.argument("environment", metavar="ENV", shell_complete=complete_environments)
@click.option("--replicas", type=int, metavar="N", help="The number of workers in that environment.")
@click.option("--yes", "-y", is_flag=True, help="Declare ENV if it is not in the configuration.")
@click.option("--propose", is_flag=True, help="Commit to a new branch for review.")
@push_option
@unmerged_option
@message_option
@json_option
def promote(
    reference: Reference,
    environment: str,
    replicas: int | None,
    yes: bool,
    propose: bool,
    push: bool | None,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Promote a version to ENV, together with the endpoints that follow ENV, in one commit.

    Verifies the version's content first.  The registry's configuration declares the environments, their
    order, and the environments that a version must pass through first.  For an environment that is not
    declared the command asks whether to declare it, in the same commit; without a terminal it requires --yes.
    If promotions go to a branch of their own (registry.operations), declare it with git regolo config first.
    Promoting the version that ENV has already brings back endpoints that were moved away from it.  Prints the
    version's reference.

    With --push, or regolo.push = always in git config, the command fetches first, commits on the tip of the
    remote's branch and pushes; if the remote refuses, nothing is changed here.

    \b
    Examples:
      git regolo promote sentiment@1.1 staging
      git regolo promote sentiment@1.1 production --replicas 10
      git regolo promote sentiment@staging production --propose

    Exit status: 0 success; 2 invalid input, or unknown environment; 3 no such version, or its content is not
    in the store; 4 already promoted there, or with --push something else was not pushed; 5 corrupt content;
    6 the store is not there, or the remote cannot be reached or refuses; 8 not merged, or forbidden by a
    rule.
    """
    with open_handle() as handle:
        ask_before_store(handle)
        yes = yes or _asked(handle, environment)
        with ProgressBar("checking") as bar:
            done = promote_version(
                handle,
                reference,
                environment,
                replicas=replicas,
                message=message,
                propose=propose,
                unmerged=unmerged,
                new_environment=yes,
                push=push,
                on_progress=bar.show,
            )
        notices = notices_of_moved(handle, () if propose else done.endpoints, os.environ)
    _report(done, propose)
    for notice in notices:
        talk_note(notice)
    promoted = version_reference(done.promotion.model, done.promotion.version)
    put_result(promoted, _document(done), as_json=as_json)


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


def _report(done: Promoted, proposed: bool) -> None:
    promotion = done.promotion
    before = f" (was {done.previous.version})" if done.previous else ""
    reference = version_reference(promotion.model, promotion.version)
    talk(f"{'proposed' if proposed else 'promoted'} {reference} to {promotion.environment}{before}")
    if done.declared:
        talk(f"  declared  environment {promotion.environment}, after the others ({CONFIG_PATH})")
    talk(f"  replicas  {promotion.replicas}")
    talk(f"  commit    {short(done.commit)} on {done.branch}")
    for endpoint in done.endpoints:
        talk(f"  endpoint  {endpoint} moved to {promotion.version}")
    if done.pushed_to is not None:
        talk(f"  pushed    to {done.pushed_to}")
    elif proposed:
        talk(f"  next      {Hint('push')}")


def _document(done: Promoted) -> dict[str, Json]:
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
        "declared": done.declared,
        "pushed_to": done.pushed_to,
    }
