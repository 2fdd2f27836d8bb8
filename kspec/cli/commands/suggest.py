"""`kspec suggest`: the least that must be granted for what is wanted. Each topic is a module of
`kspec.cli.suggesting`.
"""

from __future__ import annotations

from importlib import import_module

import click

from kspec.cli.command import CONTEXT
from kspec.cli.suggesting import topics

EPILOG = """\
\b
Examples:
  kspec suggest policies k8s/ --allow 'shop/web -> shop/db:5432'
  kspec suggest policies k8s/ --flows flows.json > policies.yaml
  kspec suggest roles --audit audit.log > roles.yaml
"""


class Topics(click.Group):
    """A group whose commands are found in `kspec.cli.suggesting`, and imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(topics())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in topics():
            return None
        module = import_module(f"kspec.cli.suggesting.{cmd_name}")
        made: click.Command = module.suggest
        made.short_help = module.SUMMARY
        return made


@click.group("suggest", cls=Topics, epilog=EPILOG, context_settings=CONTEXT)
def run() -> None:
    """Write the least permissive policies for what you need, with a proof that they allow just that."""
