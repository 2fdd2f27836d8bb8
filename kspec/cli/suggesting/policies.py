"""`kspec suggest policies`: the least permissive NetworkPolicies for the connections that are wanted."""

from __future__ import annotations

from kspec.cli import exits
from kspec.cli.command import command
from kspec.cli.options import paths_argument, reading_options
from kspec.cli.session import Session

SUMMARY = "The least permissive NetworkPolicies for the connections that you name."


@command("policies")
@paths_argument
@reading_options
def suggest(session: Session, paths: tuple[str, ...], param: tuple[str, ...], k8s_version: str | None) -> int:
    """Write the least permissive NetworkPolicies for the connections that are wanted."""
    return exits.OK
