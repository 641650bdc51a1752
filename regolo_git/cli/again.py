"""Repeating a proposal interactively: the outcome, and the command that pushes its branch."""

import shlex
import sys

from regolo_git.cli.creation import version_document
from regolo_git.cli.forms import Json, put_result
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import paint, talk, talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.registry.again import propose
from regolo_git.registry.again.propose import ProposedAgain
from regolo_git.registry.handle import Handle
from regolo_git.text.commits import short
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text


def propose_again(
    handle: Handle,
    model: str | None,
    origin: str | None,
    message: str | None,
    push: bool | None,
    *,
    as_json: bool,
) -> None:
    """Makes a proposal again, and prints its reference."""
    with ProgressBar("sending") as bar:
        done = propose.propose_again(handle, model, origin, message=message, push=push, on_progress=bar.show)
    _talk(done)
    put_result(done.version.reference, _document(done), as_json=as_json)


def _talk(done: ProposedAgain) -> None:
    version = done.version
    reference, size = paint(version.reference, sys.stderr, bold=True), size_text(version.size_bytes)
    talk(f"proposed {reference} again (the same {size})")
    talk(f"  commit  {short(version.commit)} on {done.branch}, from {done.target} at {short(done.start)}")
    talk(f"  before  {done.before} at {short(done.replaced)}")
    if done.kept:
        talk(one_line(f"  kept    changes of {', '.join(done.kept)}"))
    if done.pushed_to is not None:
        talk(f"  pushed  to {done.pushed_to}")
    for step in _next_steps(done):
        talk_next(step)
    for remark in done.remarks:
        talk_note(one_line(remark))


def _next_steps(done: ProposedAgain) -> list[str]:
    after = "after the merge, CI runs `git regolo tag --merged`"
    if done.pushed_to is not None:
        return [after]
    if done.remote is None or done.there is None:
        return [str(Hint("push")), after]
    lease = shlex.quote(f"--force-with-lease={done.branch}:{done.there}")
    return [f"git push {lease} {shlex.quote(done.remote)} {shlex.quote(done.branch)}", after]


def _document(done: ProposedAgain) -> Json:
    return {
        **version_document(done.version, done.branch),
        "before": done.before,
        "replaced": done.replaced,
        "kept": list(done.kept),
        "pushed_to": done.pushed_to,
        "notices": [one_line(remark) for remark in done.remarks],
    }
