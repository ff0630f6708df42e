"""`ant completion`: the script with which a shell completes verbs and options."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print a completion script.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes verbs and options in SHELL.

    \b
    bash: eval "$(ant completion bash)", in ~/.bashrc
    zsh:  eval "$(ant completion zsh)", in ~/.zshrc after compinit
    fish: ant completion fish | source, in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "ant", "_ANT_COMPLETE").source())
