"""`kspec explain`: what a diagnostic means, what a rule says, why a pod is where it is, what stands behind a
Service, why one may talk to another.
"""

from __future__ import annotations

import re
from typing import Any

import click

from kspec.cli.command import command
from kspec.cli.durations import Seconds
from kspec.cli.inputs import ClusterOptions
from kspec.cli.options import OPTION, POD_CIDR, cluster_options
from kspec.cli.session import Session

SECONDS = 30.0
CODE = re.compile(r"KS[0-9]{4}", re.IGNORECASE)

EPILOG = """\
\b
Examples:
  kspec explain KS2501                        a diagnostic
  kspec explain rule scheduling/NodeName      a rule: its text and authority
  kspec explain rule NodeName                 the same
  kspec explain pod shop/cart-6d4cf56db6-1 k8s/  why it runs there, or nowhere
  kspec explain pod shop/cart k8s/            any pod whose name begins so
  kspec explain service shop/db k8s/          who reaches it, and what is behind it
  kspec explain service shop/db k8s/ --iptables --node worker-0
  kspec explain connect shop/web shop/db 5432 k8s/      why it is open, or shut
  kspec explain connect outside service/shop/web 80 k8s/
  kspec explain connect 10.0.0.0/8 shop/db 5432 k8s/    where blocks differ
"""


@command("explain", epilog=EPILOG)
@click.argument("topic", metavar="CODE|rule|pod|service|connect")
@click.argument("args", nargs=-1, metavar="[NAME] [PATHS]...")
@click.option("--iptables", is_flag=True, help="Of a service: the rules that kube-proxy makes of it.")
@click.option("--node", metavar="NAME", default="", help="The node whose rules --iptables shows.")
@click.option(
    "--timeout",
    type=Seconds(),
    metavar="DURATION",
    help="Of a pod: so long is looked for what would let it in. [default: 30s]",
)
@POD_CIDR
@OPTION
@cluster_options
def run(
    session: Session,
    topic: str,
    args: tuple[str, ...],
    iptables: bool,
    node: str,
    timeout: float | None,
    pod_cidr: tuple[str, ...],
    **options: Any,
) -> int:
    """Explain a diagnostic CODE, a `rule` by its name, a `pod` or a `service` of what PATHS describe, or why
    a connection is open or shut: `connect FROM TO PORT`, where each end is NAMESPACE/NAME of a workload or
    pod, an address, a block of addresses or `outside`; TO also `service/NAMESPACE/NAME`.
    """
    if topic != "service" and (iptables or node):
        raise click.UsageError("`--iptables` and `--node` are about a service.")
    if topic != "connect" and pod_cidr:
        raise click.UsageError("`--pod-cidr` is about a connection.")
    if topic != "pod" and timeout is not None:
        raise click.UsageError("`--timeout` is about a pod.")
    if CODE.fullmatch(topic):
        from kspec.cli.explaining.codes import explain_code

        return explain_code(session, topic.upper())
    if topic == "rule" and len(args) == 1:
        from kspec.cli.explaining.rules import explain_rules

        return explain_rules(session, args[0])
    if topic == "pod" and len(args) >= 2:
        from kspec.cli.explaining.pods import explain_pods

        return explain_pods(session, args[0], args[1:], SECONDS if timeout is None else timeout, **options)
    if topic == "service" and len(args) >= 2:
        from kspec.cli.explaining.services import Wish, explain_services

        wish = Wish(args[0], iptables, node)
        return explain_services(session, wish, args[1:], ClusterOptions(**options))
    if topic == "connect" and len(args) >= 4:
        from kspec.cli.explaining.connects import explain_connect

        return explain_connect(session, args[0], args[1], args[2], args[3:], pod_cidr, **options)
    raise click.UsageError(_usage(topic))


def _usage(topic: str) -> str:
    if topic == "rule":
        return "Name one rule: `kspec explain rule scheduling/NodeName`."
    if topic == "pod":
        return "Name a pod and its manifests: `kspec explain pod shop/cart k8s/`."
    if topic == "service":
        return "Name a Service and its manifests: `kspec explain service shop/db k8s/`."
    if topic == "connect":
        return (
            "Name both ends, the port and the manifests: `kspec explain connect shop/web shop/db 5432 k8s/`."
        )
    known = "`rule NAME`, `pod NAME PATHS`, `service NAME PATHS` or `connect FROM TO PORT PATHS`"
    return f"Nothing is known about {topic!r}: give a code (KS2501), {known}."
