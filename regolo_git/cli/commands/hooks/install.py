"""`git regolo hooks install`: writes the hooks of this clone, or of a bare repository."""

import shutil
import sys
from pathlib import Path

import click

from regolo_git.cli.command_names import PROGRAM
from regolo_git.cli.context import open_handle
from regolo_git.cli.streams import talk, talk_note
from regolo_git.git.hook_files import HookStatus, hooks_place, install_hooks

RUNS = "git-regolo"


@click.command()
@click.option("--server", is_flag=True, help="Install the hook of a repository that others push to.")
@click.option("--yes", "-y", is_flag=True, help="Write also where git runs hooks for every repository.")
def install(server: bool, yes: bool) -> None:
    """Install the hooks that check commits and pushes, and say what is missing after a checkout or merge.

    A hook that is there keeps running, before ours; `uninstall` puts it back.  The pre-commit framework works
    beside them.  The directory is that of core.hooksPath; if it is used by other repositories too, --yes is
    needed.  Run again after an upgrade.

    \b
    Examples:
      git regolo hooks install
      git -C /srv/models.git regolo hooks install --server

    Exit status: 0 success; 2 a bare repository without --server; 3 not in a repository; 4 a hook cannot be
    kept; 8 the directory is of other repositories too.
    """
    with open_handle() as handle:
        statuses = install_hooks(handle.git, _program(), server=server, anyway=yes)
        place, top = hooks_place(handle.git), handle.paths.work_tree
    for status in statuses:
        talk(f"installed {_words(status)}")
    if (
        top is not None
        and place.scope is not None
        and place.directory.resolve().is_relative_to(top.resolve())
    ):
        talk_note(f"'{place.directory}' is in the work tree: commit the hooks, or have Git ignore them")


def _words(status: HookStatus) -> str:
    beside = f", beside '{status.keeps}'" if status.keeps is not None else ""
    return f"{status.name} as '{status.file}'{beside}"


def _program() -> str:
    """The installed program, for hooks that run with another PATH."""
    beside = Path(sys.executable).with_name(RUNS)
    return str(beside) if beside.exists() else shutil.which(RUNS) or shutil.which(PROGRAM) or RUNS
