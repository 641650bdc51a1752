"""`git regolo completion`: the script that makes a shell complete commands, models and versions."""

import click

from regolo_git.cli.completion_scripts import SHELLS, script
from regolo_git.cli.streams import put


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL: for regolo-git, and in bash and zsh for git regolo too.

    \b
    Examples:
      bash  git regolo completion bash > ~/.local/share/bash-completion/completions/regolo-git
      zsh   git regolo completion zsh > ~/.zfunc/_regolo-git
      fish  git regolo completion fish > ~/.config/fish/completions/regolo-git.fish
      try   eval "$(git regolo completion bash)"

    Exit status: 0 done; 2 another shell.
    """
    put(script(shell, context.find_root().command).rstrip("\n"))
