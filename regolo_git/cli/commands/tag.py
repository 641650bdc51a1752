"""`git regolo tag --merged`: tags reviewed and merged versions."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.pages.promotion import talk_gates
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import put, talk
from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.hints import Hint
from regolo_git.registry.versions.merged import MergedVersion, tag_merged
from regolo_git.text.commits import short
from regolo_git.verdict.gate_result import counts_text, summary_text


@click.command()
@click.option("--merged", is_flag=True, help="Tag merged versions; required.")
@click.option("--sign/--no-sign", default=None, help="Sign the tags, or do not.  [default: tag.gpgSign]")
@click.option("--dry-run", "-n", is_flag=True, help="Show what would be tagged without tagging it.")
@click.option("--yes", "-y", is_flag=True, help="Use the shared store that the registry names.")
@form_options
def tag(merged: bool, sign: bool | None, dry_run: bool, yes: bool, form: Form) -> None:
    """Tag every untagged version on the registry branch; for CI, after a merge.

    Verifies the content of each version first.  Its gates, by the rules of the commit before, are recorded in
    the tag; none keeps it from being tagged.  Concurrent jobs create identical tags, but for
    signed ones: one job signs.  Prints the tags.
    Requires the whole history and every tag: in CI, `git fetch --unshallow --tags` first.

    With --plain, one line for each version: tag, commit, tagged|would tag|refused, problem,
    gates

    \b
    Examples:
      git regolo tag --merged --dry-run
      git regolo tag --merged && git regolo push
      git regolo tag --merged --sign

    Exit status: 0 success, even if there was nothing to tag; 2 without --merged; 3 not in a registry, or this
    clone lacks tags, history or a branch; 5 a version was not tagged, because its content is missing or
    corrupt or its name is taken.
    """
    if not merged:
        raise InvalidInput(
            "--merged is required: other versions are tagged on creation", Hint("tag", "--merged")
        )
    with open_handle() as handle, ProgressBar("checking") as bar:
        ask_before_store(handle, yes=yes or None)
        found = tag_merged(handle, dry_run=dry_run, sign=sign, on_progress=bar.show)
    emit(
        form,
        document=lambda: [_document(version, dry_run) for version in found],
        fields=lambda: [
            (v.subject, v.commit, _outcome(v, dry_run), v.problem, summary_text(v.gates)) for v in found
        ],
        page=lambda: _put(found, dry_run),
    )
    refused = [version for version in found if version.problem is not None]
    if refused:
        first = f"{refused[0].subject}: {refused[0].problem}"
        raise IntegrityError(
            f"{len(refused)} of {len(found)} versions not tagged: {first}", refused[0].hint or Hint("fsck")
        )


def _outcome(version: MergedVersion, dry_run: bool) -> str:
    if version.problem is not None:
        return "refused"
    return "would tag" if dry_run else "tagged"


def _put(found: list[MergedVersion], dry_run: bool) -> None:
    if not found:
        talk("nothing to tag: every version on the registry branch is tagged")
    for version in found:
        problem = f": {version.problem}" if version.problem is not None else ""
        talk(f"{_outcome(version, dry_run)} {version.subject} at {short(version.commit)}{problem}")
        if version.remark is not None:
            talk(f"  parent  {version.remark}")
        if version.gates:
            talk(f"  gates   {counts_text(version.gates)}")
        talk_gates(version.gates)
        if version.problem is None:
            put(version.subject)


def _document(version: MergedVersion, dry_run: bool) -> Json:
    return {
        "model": version.model,
        "version": version.version,
        "tag": version.tag,
        "commit": version.commit,
        "tagged": version.problem is None and not dry_run,
        "problem": version.problem,
        "gates": [result.to_dict() for result in version.gates],
        "remark": version.remark,
    }
