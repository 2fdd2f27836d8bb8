"""Knows the list of commands, and what becomes of every error that a command lets out.

`kspec --help` must be quick, so this module imports click and little else: a command's module is
imported when the command is named. `tests/cli/test_start_up.py` guards that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from kspec import __version__
from kspec.cli import exits

COMMANDS: dict[str, str] = {
    "plan": "What would this change do, and where would each pod run?",
    "verify": "Prove properties, or show what breaks them.",
    "place": "Prove what can be placed: at once, after a loss, on how few nodes, never so.",
    "connect": "Who may talk to whom, by all network policies?",
    "diff": "What does an edit really change, for everything that could exist?",
    "can": "May this user do this, and by which binding, role and rule?",
    "who-can": "Everyone who may do this, each with what grants it.",
    "escalate": "Every way in which a user can gain more, as requests.",
    "access": "All that one user may do, as text or as a graph.",
    "capacity": "How many more of these pods would fit, and what runs out first?",
    "explain": "Explain a diagnostic, a rule, or why a pod is where it is.",
    "analyze": "Find what is superfluous, contradictory or cut off in policies.",
    "suggest": "Write the least permissive policies for what you need.",
    "fmt": "Format .kspec files.",
    "import": "Turn YAML manifests into .kspec.",
    "export": "Turn .kspec (or any manifests) into canonical YAML.",
    "eval": "Evaluate one CEL expression.",
    "compile": "Write the plan, a Python model, SMT-LIB and tests of your files.",
    "generate": "Refresh generated/ from rules/ (for those who work on kspec).",
    "conform": "Compare the model with recorded decisions of Kubernetes.",
    "schema": "Print the JSON Schema of one of kspec's outputs.",
    "completion": "Print the completion script for your shell.",
}

EPILOG = """\
\b
Begin with:
  kspec plan k8s/                    what your manifests would become
  kspec verify k8s/ checks.kspec     prove properties about them
  kspec explain KS2501               what a diagnostic means

\b
Exit codes: 0 all holds, 1 something is violated or differs, 2 bad input
or usage, 3 undecided or unsupported, 70 a bug in kspec, 130 interrupted.
"""


class LazyGroup(click.Group):
    """A group whose commands are modules of `kspec.cli.commands`, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"kspec.cli.commands.{module_of(cmd_name)}")
        command: click.Command = module.run
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(no_such_command(args[0]))
        return super().resolve_command(ctx, args)


def module_of(command: str) -> str:
    """The module of a command; those that are words or built-ins of Python end in `_`."""
    module = command.replace("-", "_")
    return f"{module}_" if command in ("import", "eval", "compile") else module


def no_such_command(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), COMMANDS, n=2, cutoff=0.5)
    path = os.path.exists(name)
    if near:
        return f"No such command {name!r}. Did you mean {' or '.join(repr(n) for n in near)}?"
    if path:
        return f"No such command {name!r}. To see what a file would do: kspec plan {name}"
    return f"No such command {name!r}. See `kspec --help` for the list."


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="kspec", message="%(prog)s %(version)s")
def cli() -> None:
    """The executable specification of Kubernetes.

    kspec reads your manifests (YAML, JSON or .kspec) and answers, without a cluster: what will this change
    do, and can it go wrong for any pod, request or failure that could exist?
    """


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The console script: run a command, and leave with its exit code."""
    try:
        code = run(args)
    except KeyboardInterrupt:  # outside of click: while a message is written, say
        code = exits.INTERRUPTED
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run a command. Nothing but an exit code comes out, whatever happens inside."""
    try:
        result = cli.main(args=args, prog_name="kspec", standalone_mode=False)
        return result if isinstance(result, int) else exits.OK
    except click.exceptions.Abort:
        click.echo("kspec: interrupted", err=True)
        return exits.INTERRUPTED
    except click.ClickException as error:
        error.show()
        # As terraform has it, 2 says "there are changes" under this option, so bad usage must not.
        return exits.VIOLATED if "--detailed-exitcode" in (args or sys.argv) else exits.BAD_INPUT
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else exits.OK
    except Exception as error:
        from kspec.cli.failure import report_failure

        return report_failure(error, list(sys.argv[1:] if args is None else args))
