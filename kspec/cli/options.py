"""Knows the options that several commands share: what to read, and which cluster it meets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json", ".kspec")


K8S_VERSION = click.option(
    "--k8s-version",
    metavar="VERSION",
    help="Kubernetes whose types are read, 1.32 to 1.37. [default: what the files say, or 1.36]",
)
PARAM = click.option(
    "--param", multiple=True, metavar="NAME=VALUE", help="A value for a `param` of the .kspec files."
)
NODES = click.option(
    "--nodes",
    metavar="FILE",
    help="Nodes (`kubectl get nodes -o yaml`) in place of the files' cluster, or of the assumed one.",
)
POD_CIDR = click.option(
    "--pod-cidr",
    multiple=True,
    metavar="CIDR",
    help="Where pods have their addresses; decides about blocks for pods whose address is not known.",
)


OPTION = click.option(
    "--option",
    multiple=True,
    metavar="NAME=VALUE",
    help="What the cluster does where implementations differ, and its ranges; see docs/network.md.",
)


def reading_options(function: F) -> F:
    """`--param` and `--k8s-version`: how PATHS are read."""
    return PARAM(K8S_VERSION(function))


def cluster_options(function: F) -> F:
    """`--nodes`, `--param` and `--k8s-version`: how PATHS are read, and which cluster they meet."""
    return NODES(reading_options(function))


def paths_argument(function: F) -> F:
    """`PATHS...`: what to read."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATHS...")(function)


FILES = click.option(
    "-f",
    "--filename",
    "files",
    multiple=True,
    metavar="PATH",
    help="A file, folder or pattern of manifests, as in PATHS; may be repeated.",
)
BOOTSTRAP = click.option(
    "--bootstrap", is_flag=True, help="With the roles and bindings that every cluster is born with."
)
MODE = click.option(
    "--authorization-mode",
    metavar="MODES",
    help="The authorizers in their order, as the API server's flag has it. [default: Node,RBAC]",
)
CONFIG = click.option(
    "--authorization-config",
    metavar="FILE",
    help="An AuthorizationConfiguration in place of --authorization-mode.",
)
ABAC = click.option(
    "--authorization-policy-file", metavar="FILE", help="The policy file of the ABAC authorizer."
)
APISERVER = click.option(
    "--apiserver",
    metavar="FILE",
    help="The API server's pod (kube-apiserver.yaml) or kubeadm's ClusterConfiguration: its flags count.",
)
TOKENS = click.option(
    "--token-auth-file",
    metavar="FILE",
    help="The file of static tokens (token,user,uid,groups): users' groups.",
)
AS_GROUP = click.option(
    "--as-group", "groups", multiple=True, metavar="GROUP", help="A group of USER's; may be repeated."
)
CLAIMS = click.option(
    "--claims",
    metavar="FILE",
    help="The claims of USER's token (JSON), taken as --authentication-config says.",
)
AUTHENTICATION = click.option(
    "--authentication-config",
    metavar="FILE",
    help="An AuthenticationConfiguration: who is taken at all, and as whom.",
)
ACTING_AS = click.option(
    "--acting-as", metavar="USER", help="The request is made as this user, by impersonation (kubectl --as)."
)
ACTING_AS_GROUP = click.option(
    "--acting-as-group",
    "acting_groups",
    multiple=True,
    metavar="GROUP",
    help="A group of the user that it is made as (kubectl --as-group); may be repeated.",
)
BOUND_NODE = click.option(
    "--bound-node", default="", metavar="NODE", help="The node that USER's token is bound to, if it is."
)
FIELD_SELECTOR = click.option(
    "--field-selector",
    default="",
    metavar="TEXT",
    help="Of a list or watch: metadata.name=x asks for one, spec.nodeName=x for those on a node.",
)
LABEL_SELECTOR = click.option(
    "-l",
    "--selector",
    "label_selector",
    default="",
    metavar="TEXT",
    help="Of a list or watch: labels (-l a=b).",
)
NAMESPACE = click.option(
    "-n", "--namespace", metavar="NS", help="The namespace of the request. [default: the whole cluster]"
)


AUTHORIZERS = (APISERVER, ABAC, CONFIG, MODE)


def policy_options(function: F) -> F:
    """What grants access: `-f`, `--bootstrap`, the authorizers, `--param` and `--k8s-version`."""
    for option in (K8S_VERSION, PARAM, TOKENS, *AUTHORIZERS, BOOTSTRAP, FILES):
        function = option(function)
    return function


def authorizer_options(function: F) -> F:
    """The authorizers alone."""
    for option in AUTHORIZERS:
        function = option(function)
    return function


def split_words(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and PATHS, apart: a path has a `/` or `*`, ends as a file of manifests does, or is
    `.` or `-`. What is spelt otherwise is named with `-f`, or as `./k8s`.
    """
    paths = tuple(w for w in words if is_path(w))
    return tuple(w for w in words if not is_path(w)), paths


def is_path(word: str) -> bool:
    return "/" in word or "*" in word or word in (".", "..", "-") or word.endswith(MANIFEST_SUFFIXES)


def check_no_path(word: str, what: str, options: Mapping[str, Any]) -> None:
    """Where no path was given, a word that is a file or folder is hardly meant for a USER or a NAME."""
    if os.path.exists(word) and not options["files"]:
        raise click.UsageError(f"{word!r} was read as the {what}. As a path it is ./{word}, or -f {word}.")
