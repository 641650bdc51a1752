"""`git regolo doctor`: finds and repairs what a killed run left."""

import sys

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.streams import paint, put, talk
from regolo_git.hints import on_command_line
from regolo_git.maintenance.doctor import Finding, examine

_COLOURS = {"repaired": "green", "to repair": "yellow", "left": "red", "limit": "yellow"}


@click.command()
@click.option("--dry-run", "-n", is_flag=True, help="Say what would be repaired and stop.")
@form_options
def doctor(dry_run: bool, form: Form) -> None:
    """Find what a killed run left and repair it; name what is for a person to decide.

    \b
    repaired   a publication that stopped in the middle, temporary files of ours
    to repair  the same, in a dry run
    left       lock files that a living git may hold, merged versions without
               a tag, tags that are not on the registry branch
    limit      what keeps this clone from working: shallow, partial, no git
               program, no author, a detached HEAD

    With --plain, one line for each: kind, what, the command that helps

    \b
    Examples:
      git regolo doctor --dry-run
      git regolo doctor && git regolo fsck

    Exit status: 0 done, whatever was found; 3 no registry here; 4 another run is still writing.
    """
    with open_handle() as handle:
        findings = list(examine(handle, dry_run=dry_run))
    emit(
        form,
        document=lambda: [
            {"kind": f.kind, "what": f.what, "hint": on_command_line(f.hint)} for f in findings
        ],
        fields=lambda: [(f.kind, f.what, on_command_line(f.hint)) for f in findings],
        page=lambda: _put_page(findings),
    )


def _put_page(findings: list[Finding]) -> None:
    for finding in findings:
        put(f"{paint(finding.kind.ljust(9), sys.stdout, fg=_COLOURS[finding.kind])}  {finding.what}")
        if finding.hint:
            put(f"{'':9}  {finding.hint}")
    if not findings:
        talk("nothing to repair")
