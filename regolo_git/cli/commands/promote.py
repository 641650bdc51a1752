"""`git regolo promote`: promotes a version to an environment."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import complete_environments, reference_argument
from regolo_git.cli.options.change import message_option, unmerged_option
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import talk
from regolo_git.records.references import Reference, version_reference
from regolo_git.registry.environments.promote import Promoted
from regolo_git.registry.environments.promote import promote as promote_version
from regolo_git.text.commits import short


@click.command()
@reference_argument("MODEL@V")
@click.argument("environment", metavar="ENV", shell_complete=complete_environments)
@click.option("--replicas", type=int, metavar="N", help="The number of workers in that environment.")
@click.option("--propose", is_flag=True, help="Commit to a new branch for review.")
@unmerged_option
@message_option
@json_option
def promote(
    reference: Reference,
    environment: str,
    replicas: int | None,
    propose: bool,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Promote a version to ENV, together with the endpoints that follow ENV, in one commit.

    Verifies the version's content first.  The registry's configuration defines the environments, their
    order, and the environments that a version must pass through first.  Prints the version's reference.

    \b
    Examples:
      git regolo promote sentiment@1.1 staging
      git regolo promote sentiment@1.1 production --replicas 10
      git regolo promote sentiment@staging production --propose

    Exit status: 0 success; 2 invalid input, or unknown environment; 3 no such version, or its content is not
    in the store; 4 already promoted there; 5 corrupt content; 6 the store is not there; 8 not merged, or
    forbidden by a rule.
    """
    with open_handle() as handle, ProgressBar("checking") as bar:
        done = promote_version(
            handle,
            reference,
            environment,
            replicas=replicas,
            message=message,
            propose=propose,
            unmerged=unmerged,
            on_progress=bar.show,
        )
    _report(done, propose)
    promoted = version_reference(done.promotion.model, done.promotion.version)
    put_result(promoted, _document(done), as_json=as_json)


def _report(done: Promoted, proposed: bool) -> None:
    promotion = done.promotion
    before = f" (was {done.previous.version})" if done.previous else ""
    reference = version_reference(promotion.model, promotion.version)
    talk(f"{'proposed' if proposed else 'promoted'} {reference} to {promotion.environment}{before}")
    talk(f"  replicas  {promotion.replicas}")
    talk(f"  commit    {short(done.commit)} on {done.branch}")
    for endpoint in done.endpoints:
        talk(f"  endpoint  {endpoint} moved to {promotion.version}")
    if proposed:
        talk(f"  next      git push -u origin {done.branch}")


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
    }
