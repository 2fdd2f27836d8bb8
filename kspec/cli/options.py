"""Knows the options that several commands share: what to read, and which cluster it meets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


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


def reading_options(function: F) -> F:
    """`--param` and `--k8s-version`: how PATHS are read."""
    return PARAM(K8S_VERSION(function))


def cluster_options(function: F) -> F:
    """`--nodes`, `--param` and `--k8s-version`: how PATHS are read, and which cluster they meet."""
    return NODES(reading_options(function))


def paths_argument(function: F) -> F:
    """`PATHS...`: what to read."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATHS...")(function)
