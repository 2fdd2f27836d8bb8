"""`kspec completion`: the script that completes commands and options in a shell."""

from __future__ import annotations

import click

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.session import Session

EPILOG = """\
\b
  bash:  eval "$(kspec completion bash)"      in ~/.bashrc
  zsh:   eval "$(kspec completion zsh)"       in ~/.zshrc
  fish:  kspec completion fish > ~/.config/fish/completions/kspec.fish
"""


@command("completion", epilog=EPILOG, formats=("text",))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def run(session: Session, shell: str) -> int:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    from kspec.cli.main import cli

    made = get_completion_class(shell)
    assert made is not None, shell
    session.result(made(cli, {}, "kspec", "_KSPEC_COMPLETE").source())
    return exits.OK
