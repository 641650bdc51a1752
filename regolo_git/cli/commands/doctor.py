"""`git regolo doctor`: finds and repairs the leftovers of interrupted runs."""

import sys

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.streams import paint, put, talk
from regolo_git.hints import on_command_line
from regolo_git.maintenance.doctor import examine
from regolo_git.maintenance.finding import Finding
from regolo_git.text.printable import one_line

_COLOURS = {"repaired": "green", "to repair": "yellow", "left": "red", "limit": "yellow"}


@click.command()
@click.option("--dry-run", "-n", is_flag=True, help="Show what would be repaired without repairing it.")
@form_options
def doctor(dry_run: bool, form: Form) -> None:
    """Find and repair the leftovers of interrupted runs, and list what needs a decision.

    \b
    repaired   an interrupted publication, temporary files of the registry,
               filters on the registry's records (a commit to .gitattributes)
    to repair  the same, in a dry run
    left       lock files that a running git may hold, merged but untagged
               versions, tags that are not on the registry branch, a shared
               store that is not confirmed or cannot be opened
    limit      limitations of this clone: shallow, partial, no git program,
               no author, a detached HEAD, a shared store that is slow, has
               another time, replaces files, or to which nothing can be pushed

    With --plain, one line for each finding: kind, description, hint

    \b
    Examples:
      git regolo doctor --dry-run
      git regolo doctor && git regolo fsck

    Exit status: 0 success, whatever was found; 3 not in a registry; 4 another run is still writing.
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
        long=False,
    )


def _put_page(findings: list[Finding]) -> None:
    for finding in findings:
        kind = paint(finding.kind.ljust(9), sys.stdout, fg=_COLOURS[finding.kind])
        put(f"{kind}  {one_line(finding.what)}")
        if finding.hint:
            put(f"{'':9}  {finding.hint}")
    if not findings:
        talk("nothing to repair")
