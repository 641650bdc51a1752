"""`git regolo push`: pushes versions with their branch and bytes."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_json
from regolo_git.cli.git_progress import GitProgressLine
from regolo_git.cli.options.arguments import complete_models
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import put, talk, talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference
from regolo_git.records.store_url import STORE_SETTING
from regolo_git.registry.sync.push import PushResult
from regolo_git.registry.sync.push import push as push_versions
from regolo_git.text.numbers import counted
from regolo_git.text.sizes import size_text


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1, shell_complete=complete_models)
@click.option("--yes", "-y", is_flag=True, help="Use the shared store of the registry, and raise its format.")
@json_option
def push(models: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Push versions: their bytes to the shared store, then branches, tags and notes to the remote.

    The bytes of every version go to the registry's shared store (store.url) first, so that no name is at the
    remote without them; a push that broke goes on where it stopped.  Without a shared store the bytes stay
    here.  A store that 0.1 created gets format 2, which 0.1 cannot read, after a question.

    Branches and tags go in one step: either all of them arrive, or none.  If another clone was faster, the
    versions of this clone that were numbered automatically get the next free numbers, and the commits that
    created and promoted them are committed again on top.  A number given with --version that is taken, a
    commit of your own in between, or a record that both changed, is yours to merge: the error has the
    command.  Nothing is ever overwritten.  Proposals, and the checked-out branch if it has versions to be
    reviewed, go with them.  The versions of branches that git pushed get their bytes now.

    With MODEL, pushes each branch up to the newest version of these models; what was committed later waits.

    Prints the references of the pushed versions.

    \b
    Examples:
      git regolo push
      git regolo push sentiment

    Exit status: 0 success; 2 invalid input; 3 no such model or no remote, or bytes that are nowhere; 4 merge
    or rebase first, or files have uncommitted changes; 5 damaged bytes; 6 the store or the remote cannot be
    reached, or refused the push; 8 the shared store is not confirmed.
    """
    with open_handle() as handle, GitProgressLine() as line, ProgressBar("sending") as bar:
        ask_before_store(handle, yes=yes)
        done = push_versions(handle, models, on_progress=bar.show, on_git_progress=line.show)
        stays = done.content.url is None and handle.git.config_get(STORE_SETTING) is None
        place = handle.store_url if stays and done.versions else None
    _report(done)
    if place is not None:
        talk_note(f"the bytes stay in '{place}': the registry names no shared store")
        talk_next(str(Hint("config", "store.url", "URL")))
    if as_json:
        put_json(done.to_dict())
    else:
        for version in done.versions:
            put(version.reference)


def _report(done: PushResult) -> None:
    if done.content.artifacts:
        what = counted(done.content.artifacts, "artifact")
        talk(f"sent {what} ({size_text(done.content.size)}) to {done.content.url}")
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
