"""`git regolo fsck`: checks tags, manifests and bytes."""

import sys

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import paint, put, talk
from regolo_git.errors import IntegrityError
from regolo_git.hints import on_command_line
from regolo_git.maintenance.fsck.fsck import FsckReport, check_registry
from regolo_git.text.numbers import counted


@click.command()
@model_argument(required=False)
@click.option("--full", is_flag=True, help="Read every byte and compute every digest anew.")
@form_options
@click.pass_context
def fsck(context: click.Context, model: str | None, full: bool, form: Form) -> None:
    """Check every version, or those of MODEL: tag, trailers, commit, manifest, recipe, chunks.

    Changes nothing, except that a damaged chunk is moved into the store's quarantine.  The bytes of retired
    versions may be missing.  (`git fsck` checks Git's own objects.)

    With --plain, one line for each problem: subject, what is wrong, the command that helps

    \b
    Examples:
      git regolo fsck
      git regolo fsck sentiment --full

    Exit status: 0 all is well; 3 no such model, or no registry here; 5 something is wrong.
    """
    with open_handle() as handle, ProgressBar("checking") as bar:
        report = check_registry(handle, model=model, full=full, on_progress=bar.show)
    emit(
        form,
        document=lambda: _document(report),
        fields=lambda: [
            (problem.subject, problem.what, on_command_line(problem.hint)) for problem in report.problems
        ],
        page=lambda: _put_page(report),
    )
    if report.problems:
        context.exit(IntegrityError.exit_code)


def _document(report: FsckReport) -> Json:
    return {
        "versions": report.versions,
        "retired": report.retired,
        "chunks": report.chunks,
        "full": report.full,
        "problems": [
            {"subject": p.subject, "what": p.what, "hint": on_command_line(p.hint)} for p in report.problems
        ],
    }


def _put_page(report: FsckReport) -> None:
    for problem in report.problems:
        put(f"{paint(problem.subject, sys.stdout, fg='red')}: {problem.what}")
        if problem.hint:
            put(f"  {problem.hint}")
    depth = "every byte read" if report.full else "sizes only: --full reads every byte"
    looked = f"{counted(report.versions, 'version')}, {counted(report.chunks, 'chunk')} ({depth})"
    talk(
        f"checked {looked}: {counted(len(report.problems), 'problem') if report.problems else 'all is well'}"
    )
