"""`git regolo demote`: takes a version out of an environment."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.arguments import complete_environments, reference_argument
from regolo_git.cli.options.change import message_option, propose_option, push_option
from regolo_git.cli.streams import talk
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.environments.demote import Demoted
from regolo_git.registry.environments.demote import demote as demote_version
from regolo_git.text.commits import short
from regolo_git.text.numbers import shares_text


@click.command()
@reference_argument("MODEL[@V]")
@click.argument("environment", metavar="ENV", shell_complete=complete_environments)
@propose_option
@push_option
@message_option
@json_option
def demote(
    reference: Reference,
    environment: str,
    propose: bool,
    push: bool | None,
    message: str | None,
    as_json: bool,
) -> None:
    """Take the version of MODEL out of ENV, with a commit; `git regolo history` shows it.

    With @V, only if that version is there.  Endpoints that follow ENV keep what they serve until the next
    promotion to ENV.  Prints the version's reference.

    \b
    Examples:
      git regolo demote sentiment staging
      git regolo demote sentiment@1.1 production -m "out of service" --propose

    Exit status: 0 success; 2 invalid input; 3 no such model, or no version of it is in ENV; 4 another version
    is in ENV, the registry's files have uncommitted changes, or with --push something else was not pushed;
    6 the remote cannot be reached or refuses.
    """
    if reference.environment is not None:
        raise InvalidInput(
            f"'{reference}' is not a model or a version", Hint("demote", reference.model, environment)
        )
    version = reference.version
    with open_handle() as handle:
        done = demote_version(
            handle,
            reference.model,
            environment,
            version=version.text(zero_patch=version.patch_written) if version is not None else None,
            message=message,
            propose=propose,
            push=push,
        )
    demoted = done.promotion.reference if done.promotion is not None else reference.model
    _report(done, demoted, environment, propose)
    document = {
        "model": reference.model,
        "version": done.promotion.version if done.promotion is not None else None,
        "environment": environment,
        "commit": done.commit,
        "branch": done.branch,
        "endpoints": [follower.name for follower in done.followers],
        "pushed_to": done.pushed_to,
    }
    put_result(demoted, document, as_json=as_json)


def _report(done: Demoted, demoted: str, environment: str, proposed: bool) -> None:
    talk(f"{'proposed to demote' if proposed else 'demoted'} {demoted} from {environment}")
    talk(f"  commit    {short(done.commit)} on {done.branch}")
    for follower in done.followers:
        talk(f"  endpoint  {follower.name} keeps {shares_text(follower.traffic)}")
    if done.pushed_to is not None:
        talk(f"  pushed    to {done.pushed_to}")
    elif proposed:
        talk(f"  next      {Hint('push')}")
