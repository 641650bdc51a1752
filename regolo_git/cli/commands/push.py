"""`git regolo push`: pushes versions with their branch and bytes."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_json
from regolo_git.cli.git_progress import GitProgressLine
from regolo_git.cli.options.arguments import complete_models
from regolo_git.cli.streams import put, talk
from regolo_git.records.references import version_reference
from regolo_git.registry.sync.push import PushResult
from regolo_git.registry.sync.push import push as push_versions
from regolo_git.text.numbers import counted


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1, shell_complete=complete_models)
@json_option
def push(models: tuple[str, ...], as_json: bool) -> None:
    """Push versions, with the branches and notes of the registry, to its remote.

    Branches and tags go in one step: either all of them arrive, or none.  If another clone was faster, the
    versions of this clone that were numbered automatically get the next free numbers, and the commands that
    created and promoted them are committed again on top.  A number given with --version that is taken, a
    commit of your own in between, or a record that both changed, is yours to merge: the error has the
    command.  Nothing is ever overwritten.

    With MODEL, pushes each branch up to the newest version of these models; what was committed later waits.

    Prints the references of the pushed versions.

    \b
    Examples:
      git regolo push
      git regolo push sentiment

    Exit status: 0 success; 2 invalid input; 3 no such model, or no remote; 4 merge or rebase first, or files
    have uncommitted changes; 6 the remote cannot be reached, or refused the push.
    """
    with open_handle() as handle, GitProgressLine() as line:
        done = push_versions(handle, models, on_git_progress=line.show)
    _report(done)
    if as_json:
        put_json(_document(done))
    else:
        for version in done.versions:
            put(version.reference)


def _report(done: PushResult) -> None:
    if not (done.branches or done.versions or done.notes):
        talk(f"'{done.remote}' has everything already")
        return
    parts = [f"branch {name}" for name in done.branches]
    parts += [counted(len(done.versions), "version")] if done.versions else []
    parts += ["notes"] if done.notes else []
    talk(f"pushed {', '.join(parts)} to {done.remote}")
    for version in done.versions:
        if version.version != version.before:
            before = version_reference(version.model, version.before)
            talk(f"  renumbered  {before} is now {version.reference}")


def _document(done: PushResult) -> dict[str, Json]:
    return {
        "remote": done.remote,
        "branches": list(done.branches),
        "versions": [
            {"model": version.model, "version": version.version, "before": version.before}
            for version in done.versions
        ],
        "notes": list(done.notes),
    }
