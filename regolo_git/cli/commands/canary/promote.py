"""`git regolo canary promote`: gives the new version the next share, or everything."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.change import ask_before_store, message_option, push_option, unmerged_option
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.pages.canary import canary_document
from regolo_git.cli.streams import talk
from regolo_git.registry.endpoints.canary import Said
from regolo_git.registry.endpoints.canary_promotion import CanaryStep, promote_canary
from regolo_git.serving.canary.status import evidence_now
from regolo_git.text.numbers import shares_text


@click.command()
@endpoint_argument()
@push_option
@unmerged_option
@message_option
@json_option
def promote(endpoint: str, push: bool | None, unmerged: bool, message: str | None, as_json: bool) -> None:
    """Give the new version of ENDPOINT the next share of its policy or, after the last one, everything.

    If ENDPOINT follows an environment, the last step also promotes the version there, in the same commit and
    by the same rules as git regolo promote.  Whether the evidence is enough is not asked: canary status shows
    it, and the commit records it.

    \b
    Examples:
      git regolo canary promote reviews
      git regolo canary promote reviews --push

    Exit status: 0 success; 3 no such endpoint, or the content is not in the store; 4 no canary runs, or with
    --push something else was not pushed; 5 corrupt content; 6 the remote cannot be reached or refuses; 8 the
    version is retired, not merged, or forbidden by a rule or a gate.
    """
    with open_handle() as handle:
        ask_before_store(handle)
        said = Said(message, evidence_now(handle, endpoint))
        done = promote_canary(handle, endpoint, unmerged=unmerged, said=said, push=push)
    _report(done)
    document = canary_document(done.endpoint, done.commit)
    put_result(shares_text(done.endpoint.traffic), document, as_json=as_json)


def _report(done: CanaryStep) -> None:
    if done.endpoint.candidate is not None:
        talk(f"{done.endpoint.endpoint} is at step {done.endpoint.candidate.step + 1} of its canary")
        return
    talk(f"{done.endpoint.endpoint} serves {done.endpoint.whole}; its canary is over")
    if done.promoted is not None:
        promotion, others = done.promoted.promotion, done.promoted.endpoints
        talk(f"  environment  {promotion.environment} moved to {promotion.version}")
        for other in others:
            if other != done.endpoint.endpoint:
                talk(f"  endpoint     {other} moved to {promotion.version}")
