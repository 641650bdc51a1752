"""`git regolo fsck`: verifies tags, manifests and stored bytes."""

import sys

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import paint, put, talk, talk_note
from regolo_git.errors import IntegrityError
from regolo_git.hints import on_command_line
from regolo_git.maintenance.fsck.fsck import FsckReport, check_registry
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.registry.versions.known_tags import note_missing_tags
from regolo_git.text.numbers import counted
from regolo_git.text.printable import one_line


@click.command()
@model_argument(required=False)
@click.option("--full", is_flag=True, help="Read all content and recompute every digest.")
@click.option("--shared", is_flag=True, help="Check the shared store, not the one of this clone.")
@click.option("--jobs", "-j", metavar="N", type=click.IntRange(1, 64), help="Read N chunks at a time.")
@form_options
@click.pass_context
def fsck(
    context: click.Context, model: str | None, full: bool, shared: bool, jobs: int | None, form: Form
) -> None:
    """Verify every version, or those of MODEL: tag, trailers, commit, manifest, recipe, chunks.

    Changes nothing, except that corrupt chunks are moved to the store's quarantine.  Content that is not in
    the local store must be in another one, where it is looked for but not read; --shared checks the shared
    store instead, which stays as it is.  Missing content of retired versions is not a problem; tags of
    other tools, and merged versions without a tag, are only noted.  (`git fsck` verifies Git's own objects.)

    With --plain, one line for each problem: subject, description, hint

    \b
    Examples:
      git regolo fsck
      git regolo fsck sentiment --full
      git regolo fsck --shared --full --jobs 16

    Exit status: 0 no problems found; 3 no such model, or not in a registry; 5 problems found; 6 the store
    is not there or cannot be reached; 8 the shared store is not confirmed.
    """
    with open_handle() as handle, ProgressBar("checking") as bar:
        report = check_registry(
            handle, model=model, full=full, shared=shared, jobs=jobs, on_progress=bar.show
        )
        note_missing_tags(handle)
    emit(
        form,
        document=lambda: _document(report),
        fields=lambda: [
            (problem.subject, problem.what, on_command_line(problem.hint)) for problem in report.problems
        ],
        page=lambda: _put_page(report),
        long=False,
    )
    if report.problems:
        context.exit(IntegrityError.exit_code)


def _document(report: FsckReport) -> Json:
    return {
        "versions": report.versions,
        "retired": report.retired,
        "chunks": report.chunks,
        "full": report.full,
        "store": report.store,
        "problems": [_finding(problem) for problem in report.problems],
        "notes": [_finding(note) for note in report.notes],
    }


def _finding(problem: Problem) -> Json:
    return {"subject": problem.subject, "what": problem.what, "hint": on_command_line(problem.hint)}


def _put_page(report: FsckReport) -> None:
    for problem in report.problems:
        hint = f"\n  {problem.hint}" if problem.hint else ""
        put(f"{paint(one_line(problem.subject), sys.stdout, fg='red')}: {one_line(problem.what)}{hint}")
    for note in report.notes:
        talk_note(f"{note.subject}: {note.what}{f' ({note.hint})' if note.hint else ''}")
    depth = "full content" if report.full else "sizes only; --full reads the content"
    checked = f"{counted(report.versions, 'version')}, {counted(report.chunks, 'chunk')} ({depth})"
    outcome = counted(len(report.problems), "problem") if report.problems else "no problems"
    talk(f"checked {checked}: {outcome} found")
