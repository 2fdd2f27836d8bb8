"""`kspec explain`: what a diagnostic means, what a rule says, why a pod is where it is."""

from __future__ import annotations

import re

import click

from kspec.cli.command import command
from kspec.cli.options import cluster_options
from kspec.cli.session import Session

CODE = re.compile(r"KS[0-9]{4}", re.IGNORECASE)

EPILOG = """\
\b
Examples:
  kspec explain KS2501                        a diagnostic
  kspec explain rule scheduling/NodeName      a rule: its text and authority
  kspec explain rule NodeName                 the same
  kspec explain pod shop/cart-6d4cf56db6-1 k8s/  why it runs there, or nowhere
  kspec explain pod shop/cart k8s/            any pod whose name begins so
"""


@command("explain", epilog=EPILOG)
@click.argument("topic", metavar="CODE|rule|pod")
@click.argument("args", nargs=-1, metavar="[NAME] [PATHS]...")
@cluster_options
def run(
    session: Session,
    topic: str,
    args: tuple[str, ...],
    **options: object,
) -> int:
    """Explain a diagnostic CODE, a `rule` by its name, or a `pod` of what PATHS describe."""
    if CODE.fullmatch(topic):
        from kspec.cli.explaining.codes import explain_code

        return explain_code(session, topic.upper())
    if topic == "rule" and len(args) == 1:
        from kspec.cli.explaining.rules import explain_rules

        return explain_rules(session, args[0])
    if topic == "pod" and len(args) >= 2:
        from kspec.cli.explaining.pods import explain_pods

        return explain_pods(session, args[0], args[1:], **options)
    raise click.UsageError(_usage(topic))


def _usage(topic: str) -> str:
    if topic == "rule":
        return "Name one rule: `kspec explain rule scheduling/NodeName`."
    if topic == "pod":
        return "Name a pod and its manifests: `kspec explain pod shop/cart k8s/`."
    return f"Nothing is known about {topic!r}: give a code (KS2501), `rule NAME` or `pod NAME PATHS`."
