"""`git regolo pull`: fetches, and brings branches and files up to date."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_json
from regolo_git.cli.git_progress import GitProgressLine
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.pages.fetched import refuse_differing, talk_of_fetched
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import put, talk, talk_next
from regolo_git.hints import Hint
from regolo_git.records.references import version_reference
from regolo_git.registry.sync.pull import Pulled
from regolo_git.registry.sync.pull import pull as pull_versions
from regolo_git.text.sizes import size_text


@click.command()
@click.option("--yes", "-y", is_flag=True, help="Use the shared store that the registry names.")
@json_option
def pull(yes: bool, as_json: bool) -> None:
    """Fetch, bring the registry's branches up to date, and check out the files whose versions changed.

    A branch with commits of its own is brought up to date as `git regolo push` does it: versions that were
    numbered automatically are committed again, with the next free numbers.  Otherwise the checked-out branch
    is merged or rebased if `pull.rebase` is set.  Files that were edited, and those that are not there, stay.

    Prints the references of the new versions.

    \b
    Examples:
      git regolo pull

    Exit status: 0 success; 3 no remote, or bytes are not in any store; 4 merge or rebase first, or files
    have uncommitted changes; 6 the remote or the store cannot be reached.
    """
    with (
        open_handle() as handle,
        GitProgressLine() as line,
        ProgressBar("fetching") as fetched,
        ProgressBar("checking out") as bar,
    ):
        ask_before_store(handle, yes=yes)
        done = pull_versions(
            handle, on_fetch=fetched.show_whole, on_progress=bar.show, on_git_progress=line.show
        )
    talk_of_fetched(done.fetched)
    _report(done)
    if as_json:
        put_json(done.to_dict())
    else:
        for reference in done.fetched.versions:
            put(reference)
    refuse_differing(done.fetched)
    for error in done.files.failed:
        raise error


def _report(done: Pulled) -> None:
    for branch in done.branches:
        talk(f"{branch} is up to date with {done.fetched.remote}")
    for version in done.renumbered:
        talk(f"{version_reference(version.model, version.before)} is now {version.reference}")
    for item in done.files.checked_out:
        talk(f"checked out {version_reference(item.model, item.version)} ({size_text(item.written_bytes)})")
    for manifest in done.kept:
        talk(f"{manifest.reference} was not checked out: its files were edited here, or are missing")
        talk_next(str(Hint("checkout", manifest.reference)))
