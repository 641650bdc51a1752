"""`git regolo clone`: clones a registry with the files of its versions."""

import shlex
from pathlib import Path

import click

from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.git_progress import GitProgressLine
from regolo_git.cli.options.change import ask_before_store, confirm
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import talk, talk_next, talk_note
from regolo_git.errors import StoreUnconfirmed
from regolo_git.git.remote.failures import without_credentials
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.shared_store import described
from regolo_git.registry.sync.clone import ASKED_FROM, clone_registry, fetch_first_recipes, files_to_check_out
from regolo_git.registry.sync.clone_place import end_clone
from regolo_git.registry.sync.files import CheckedOutFiles, check_out_all
from regolo_git.text.numbers import counted
from regolo_git.text.sizes import size_text


@click.command()
@click.argument("url")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--model", "models", metavar="NAME", multiple=True, help="Check out this model only.")
@click.option("--no-checkout", is_flag=True, help="Check out no files of versions.")
@click.option("--yes", "-y", is_flag=True, help="Use the registry's shared store, and fetch any size.")
@json_option
def clone(
    url: str,
    directory: Path | None,
    models: tuple[str, ...],
    no_checkout: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Clone a registry with its version tags, and check out the files of the models.

    Asks before the shared store that the registry names is used, and before more than 5 GB of files are
    checked out.  Prints the directory.

    \b
    Examples:
      git regolo clone https://git.example.com/team/models.git
      git regolo clone git@git.example.com:team/models.git work --model sentiment
      git regolo clone ssh://git.example.com/team/models.git --no-checkout

    Exit status: 0 success; 2 invalid input; 3 no repository, no registry, or bytes that are in no store; 4
    not confirmed, or the directory is there; 6 the remote or the store cannot be reached; 8 the shared store
    is not confirmed.
    """
    notices: list[str] = []
    with GitProgressLine() as line:
        handle = clone_registry(url, directory, on_notice=notices.append, on_git_progress=line.show)
    try:
        top = handle.paths.top
        talk(f"cloned {without_credentials(url)} into {top}")
        wanted = [] if no_checkout else files_to_check_out(handle, models)
        if wanted or yes:
            _use_store(handle, yes=yes)
        files = _check_out(handle, wanted, yes=yes) if wanted else CheckedOutFiles()
        fetch_first_recipes(handle, files)
        if not files.failed:
            end_clone(top)
    finally:
        handle.close()
        for notice in notices:
            talk_note(notice)
    document: dict[str, Json] = {
        "directory": str(top),
        "checked_out": [
            {"model": item.model, "version": item.version, "path": str(item.path)}
            for item in files.checked_out
        ],
    }
    put_result(str(top), document, as_json=as_json)
    for error in files.failed:
        if isinstance(error, StoreUnconfirmed):
            here = f"git -C {shlex.quote(str(top))} regolo"
            confirms = str(error.hint).replace("git regolo", here)
            raise StoreUnconfirmed(error.message, f"{confirms} && {here} checkout") from error
        raise error


def _use_store(handle: Handle, *, yes: bool) -> None:
    """Names the shared store; `yes` confirms it even if no file is fetched now."""
    address = handle.shared_stores.address()
    ask_before_store(handle, yes=yes or None)
    if address is None:
        return
    if yes:
        handle.shared_stores.require(address, handle.may_use_store)
    talk(f"{'confirmed the shared store' if yes else 'the shared store is'} {described(address)}")


def _check_out(handle: Handle, wanted: list[Manifest], *, yes: bool) -> CheckedOutFiles:
    size = sum(manifest.artifact.size for manifest in wanted)
    talk(f"checking out {counted(len(wanted), 'model')} ({size_text(size)})")
    if size > ASKED_FROM and not yes:
        again = str(Hint("checkout"))
        confirm(
            f"Fetch {size_text(size)}?",
            otherwise=f"refusing to fetch {size_text(size)} without confirmation",
            again=f"git -C {handle.paths.top} {again.removeprefix('git ')}",
        )
    with ProgressBar("fetching") as fetched, ProgressBar("checking out") as bar:
        files = check_out_all(handle, wanted, bar.show, on_fetch=fetched.show_whole)
    for item in files.checked_out:
        talk(f"checked out {version_reference(item.model, item.version)} ({size_text(item.written_bytes)})")
    if len(files.failed) > 1 and not any(isinstance(error, StoreUnconfirmed) for error in files.failed):
        talk_next(f"git -C {handle.paths.top} regolo checkout   (for the others)")
    return files
