"""`git regolo hooks uninstall`: removes the hooks, and puts back those that were there before."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.streams import talk
from regolo_git.git.hook_files import uninstall_hooks


@click.command()
@click.option("--yes", "-y", is_flag=True, help="Remove them also where git runs hooks for every repository.")
def uninstall(yes: bool) -> None:
    """Remove the hooks of this program, and put back those that were there before.

    \b
    Examples:
      git regolo hooks uninstall

    Exit status: 0 success, also if there was none; 3 not in a repository; 8 the directory is of other
    repositories too.
    """
    with open_handle() as handle:
        removed = uninstall_hooks(handle.git, anyway=yes)
    for each in removed:
        talk(f"removed {each.name}")
    if not removed:
        talk("no hook is installed")
