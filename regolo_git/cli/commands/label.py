"""`git regolo label`: puts labels on a version, and takes them off."""

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import query, reference_argument
from regolo_git.cli.options.assignments import split_assignment
from regolo_git.cli.options.change import (
    message_option,
    propose_option,
    push_option,
    refuse_to_push_a_proposal,
    talk_of_commit,
)
from regolo_git.cli.options.when_asked import when_asked
from regolo_git.cli.streams import talk
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.lookup import get_version
from regolo_git.registry.versions.label import Labelled
from regolo_git.registry.versions.label import label as record
from regolo_git.text.printable import one_line, printable


def _complete_held(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the labels that the version has."""
    # While the option's value is missing, click has not assigned the arguments to parameters yet.
    given = ctx.params.get("reference") or next(iter(ctx.args), None)
    if given is None:
        return []
    names = query(ctx, lambda handle: list(get_version(handle, Reference.parse(str(given))).labels))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command()
@reference_argument("MODEL@V")
@click.argument(
    "labels",
    metavar="[NAME=VALUE]...",
    nargs=-1,
    shell_complete=when_asked("completion", "complete_labels"),
)
@click.option(
    "--remove", metavar="NAME", multiple=True, shell_complete=_complete_held, help="Remove a label."
)
@propose_option
@push_option
@message_option
@json_option
def label(
    reference: Reference,
    labels: tuple[str, ...],
    remove: tuple[str, ...],
    propose: bool,
    push: bool | None,
    message: str | None,
    as_json: bool,
) -> None:
    """Label MODEL@V after it was created, with a commit; its manifest stays as it is.

    A name has at most 63 letters, digits, '.', '_', '-' and '/', a value one line of at most 200 characters.
    A label that the version has gets the new value.  `git regolo show` says who gave it, and when;
    `git regolo list MODEL --label NAME=VALUE` finds the versions.  Prints the version's reference.

    \b
    Examples:
      git regolo label sentiment@1.1 approved=yes lang=en
      git regolo label sentiment@1.1 --remove approved
      git regolo list sentiment --label lang=en

    Exit status: 0 success; 2 invalid input; 3 no such version or label; 4 it has these labels already, the
    registry's files have uncommitted changes, or with --push something else was not pushed; 5 the labels
    cannot be read; 6 the remote cannot be reached or refuses.
    """
    refuse_to_push_a_proposal(propose, push)
    given = _given(reference, labels)
    with open_handle() as handle:
        done = record(handle, reference, given, remove=remove, message=message, propose=propose, push=push)
    changed = [*(f"{name}={value}" for name, value in given.items()), *(f"{name} removed" for name in remove)]
    _report(done, changed, proposed=propose)
    document: dict[str, Json] = {
        "model": done.version.model_id,
        "version": done.version.version,
        "digest": done.version.digest,
        "labels": dict(done.labels),
        "commit": done.commit,
        "branch": done.branch,
        "pushed_to": done.pushed_to,
    }
    put_result(done.version.reference, document, as_json=as_json)


def _given(reference: Reference, texts: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in texts:
        if "=" not in text:
            corrected = Hint("label", str(reference), f"{printable(text)}=VALUE")
            raise InvalidInput(f"label '{printable(text)}' is not NAME=VALUE", corrected)
        name, value = split_assignment("label", text)
        if name in given:
            raise InvalidInput(f"'{printable(name)}' is given twice", "leave one of them out")
        given[name] = value
    return given


def _report(done: Labelled, changed: list[str], *, proposed: bool) -> None:
    verb = "proposed labels of" if proposed else "labelled"
    talk(f"{verb} {done.version.reference}: {one_line(', '.join(changed))}")
    talk_of_commit(done.commit, done.branch, done.pushed_to, proposed=proposed)
