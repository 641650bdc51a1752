"""`git regolo status`: compares the work tree with the versions of the checked-out commit."""

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.pages.clashes import clashes_document, talk_of_clashes
from regolo_git.cli.pages.differences import talk_of_differences
from regolo_git.cli.pages.proposals import proposals_document, talk_of_proposals
from regolo_git.cli.pages.unpushed import talk_of_unpushed
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import paint, put, talk, talk_next
from regolo_git.cli.tables import Cell, Row, put_table
from regolo_git.records.references import version_reference
from regolo_git.registry.clashes import find_clashes
from regolo_git.registry.sync.unpushed import find_unpushed
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.versions.status import ArtifactStatus, ChangedFiles, WorkStatus, work_status
from regolo_git.registry.waiting_proposals import waiting_proposals
from regolo_git.text.commits import short
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import one_line

FILES_SHOWN = 5
COMMIT, CHECKOUT = "git regolo commit", "git regolo checkout"
OUTSIDE = "not from the work tree"
_COLOURS = {"unchanged": "", "modified": "yellow", "missing": "red", "no path": "dim"}


@click.command()
@form_options
def status(form: Form) -> None:
    """Compare the models in the work tree with the versions at the checked-out commit.

    Files that have not changed since the last run are not read again.  Of a modified directory the files that
    differ are named, all of them with --json.  Endpoints that do not serve the
    version of the environment that they follow are reported on stderr, and so are what was not pushed and
    proposals that wait for a review, as far as the last exchange with `origin` tells.

    \b
    With --plain, one line for each model:
      reference, unchanged|modified|missing|no path, tagged|untagged, path,
      the other version with that content

    \b
    Examples:
      git regolo status
      git regolo status --plain | awk -F'\\t' '$2 == "modified"'

    Exit status: 0 success, whatever was found; 3 not in a registry.
    """
    with open_handle() as handle, ProgressBar("comparing") as bar:
        found = work_status(handle, on_progress=bar.show)
        clashes, statuses = find_clashes(handle), read_statuses(handle)
        endpoints = [each for of_model in statuses.deployed.values() for each in of_model]
        unpushed = find_unpushed(handle, statuses)
        proposals = waiting_proposals(handle, statuses)
    if form == "people":
        talk_of_clashes(clashes)
        talk_of_differences(endpoints)
        talk_of_unpushed(unpushed)
        talk_of_proposals(handle, proposals, statuses.branch)
    emit(
        form,
        document=lambda: {
            **_document(found),
            "clashes": clashes_document(clashes),
            "endpoints": [each.to_dict() for each in endpoints],
            "unpushed": asdict(unpushed) if unpushed is not None else None,
            "proposals": proposals_document(proposals),
        },
        fields=lambda: [
            (_reference(a), a.state, "tagged" if a.tagged else "untagged", a.path, a.holds)
            for a in found.artifacts
        ],
        page=lambda: _put_page(found),
        long=False,
    )


def _reference(artifact: ArtifactStatus) -> str:
    return version_reference(artifact.model, artifact.version)


def _document(found: WorkStatus) -> dict[str, Json]:
    return {
        "branch": found.branch,
        "head": found.head,
        "registry_branch": found.registry_branch,
        "operations_branch": found.operations_branch,
        "models": [
            {
                "model": artifact.model,
                "version": artifact.version,
                "tagged": artifact.tagged,
                "path": artifact.path,
                "state": artifact.state,
                "holds": artifact.holds,
                "files": asdict(artifact.files) if artifact.files is not None else None,
            }
            for artifact in found.artifacts
        ],
    }


def _put_page(found: WorkStatus) -> None:
    put(_place(found))
    if not found.artifacts:
        talk("no models in this commit")
        talk_next("git regolo register MODEL PATH")
        return
    put("")
    put_table(
        [Column("VERSION"), Column("STATE"), Column("PATH", flexible=True), Column("TAG")],
        [_row(artifact) for artifact in found.artifacts],
    )
    for artifact in found.artifacts:
        if artifact.files is not None and artifact.holds is None:
            put(f"\n{one_line(artifact.path or '')}/")
            for line in _files(artifact.files):
                put(f"  {line}")
    for step in _next_steps(found):
        talk_next(step)


def _place(found: WorkStatus) -> str:
    if found.head is None:
        return "no commits yet"
    at = short(found.head)
    if found.branch is None:
        return f"HEAD detached at {at}"
    kind = f"not {found.registry_branch}"
    if found.branch in (found.registry_branch, found.operations_branch):
        kind = "the registry branch" if found.branch == found.registry_branch else "the operations branch"
    return f"on branch {paint(found.branch, sys.stdout, bold=True)} ({kind}) at {at}"


def _row(artifact: ArtifactStatus) -> Row:
    state = f"contains {artifact.holds}" if artifact.holds else artifact.state
    return (
        Cell(_reference(artifact), "bold"),
        Cell(state, _COLOURS[artifact.state]),
        Cell(OUTSIDE, "dim") if artifact.path is None else one_line(artifact.path),
        Cell("" if artifact.tagged else "untagged", "yellow"),
    )


def _files(files: ChangedFiles) -> Iterator[str]:
    """The first files of each kind, under the words of git."""
    for kind, paths in (("modified", files.changed), ("new", files.added), ("deleted", files.removed)):
        if paths:
            shown = few_of([one_line(path) for path in paths[:FILES_SHOWN]], len(paths))
            yield f"{kind:<9} {shown}"


def _next_steps(found: WorkStatus) -> list[str]:
    """A step for each artifact; one command where it does the same for several."""
    steps = [step for step in dict.fromkeys(map(_next_step, found.artifacts)) if step is not None]
    commits = [step for step in steps if step.startswith(COMMIT)]
    checkouts = [step for step in steps if step.startswith(CHECKOUT)]
    if commits and found.branch is None:  # `commit` would be refused
        steps = [f"git switch {found.registry_branch}", *(step for step in steps if step not in commits)]
    elif len(commits) > 1:
        steps = [COMMIT, *(step for step in steps if step not in commits)]
    # Without a version, `checkout` restores all, and stops at a file that was edited.
    if len(checkouts) > 1 and not commits:
        steps = [CHECKOUT, *(step for step in steps if step not in checkouts)]
    return steps


def _next_step(artifact: ArtifactStatus) -> str | None:
    if artifact.state == "modified" and artifact.holds is None:
        return f"{COMMIT} {artifact.model}"
    if artifact.state in ("modified", "missing"):
        return f"{CHECKOUT} {_reference(artifact)}" if artifact.tagged else CHECKOUT
    return None if artifact.tagged else "git regolo tag --merged  (after the merge)"
