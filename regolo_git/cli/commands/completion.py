"""`git regolo completion`: prints a shell completion script."""

import click

from regolo_git.cli.completion_scripts import SHELLS, script
from regolo_git.cli.streams import put


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes regolo-git and git regolo in SHELL (bash, zsh or fish).

    \b
    Examples:
      bash   echo 'eval "$(git regolo completion bash)"' >> ~/.bashrc
      zsh    echo 'eval "$(git regolo completion zsh)"' >> ~/.zshrc
      fish   git regolo completion fish | source   (in config.fish)

    Exit status: 0 success; 2 unsupported shell.
    """
    put(script(shell, context.find_root().command).rstrip("\n"))
