"""`kspec explain`: what a diagnostic means, what a rule says, why a pod is where it is, why one may talk to
another.
"""

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
  kspec explain connect shop/web shop/db 5432 k8s/      why it is open, or shut
  kspec explain connect outside service/shop/web 80 k8s/
"""


@command("explain", epilog=EPILOG)
@click.argument("topic", metavar="CODE|rule|pod|connect")
@click.argument("args", nargs=-1, metavar="[NAME] [PATHS]...")
@cluster_options
def run(
    session: Session,
    topic: str,
    args: tuple[str, ...],
    **options: object,
) -> int:
    """Explain a diagnostic CODE, a `rule` by its name, a `pod` of what PATHS describe, or why a connection
    is open or shut: `connect FROM TO PORT`, where each end is NAMESPACE/NAME of a workload or pod,
    `service/NAMESPACE/NAME`, an address or `outside`.
    """
    if CODE.fullmatch(topic):
        from kspec.cli.explaining.codes import explain_code

        return explain_code(session, topic.upper())
    if topic == "rule" and len(args) == 1:
        from kspec.cli.explaining.rules import explain_rules

        return explain_rules(session, args[0])
    if topic == "pod" and len(args) >= 2:
        from kspec.cli.explaining.pods import explain_pods

        return explain_pods(session, args[0], args[1:], **options)
    if topic == "connect" and len(args) >= 4:
        from kspec.cli.explaining.connects import explain_connect

        return explain_connect(session, args[0], args[1], args[2], args[3:], **options)
    raise click.UsageError(_usage(topic))


def _usage(topic: str) -> str:
    if topic == "rule":
        return "Name one rule: `kspec explain rule scheduling/NodeName`."
    if topic == "pod":
        return "Name a pod and its manifests: `kspec explain pod shop/cart k8s/`."
    if topic == "connect":
        return (
            "Name both ends, the port and the manifests: `kspec explain connect shop/web shop/db 5432 k8s/`."
        )
    return (
        f"Nothing is known about {topic!r}: give a code (KS2501), `rule NAME`, `pod NAME PATHS` or "
        "`connect FROM TO PORT PATHS`."
    )
