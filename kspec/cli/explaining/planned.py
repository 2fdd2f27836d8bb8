"""Knows the cluster that a question is asked of when the files have no addresses: as a plan leaves it, with
the addresses that it gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kspec.cli.inputs import ClusterOptions
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.cli.inputs import Inputs


def planned_cluster(
    session: Session, inputs: Inputs, options: ClusterOptions, cluster: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The cluster with the nodes, pods and Services of a plan in place of its own, and what was assumed."""
    from kspec.cli.explaining.pods import world_of
    from kspec.plan.addresses import address_assumptions, with_addresses

    with session.progress("planning") as progress:
        progress.step("running")
        world = world_of(session, inputs, options)
        world.run_until_quiet()
        fields = world.api.rules.cluster_fields
        given = with_addresses(world)
        planned = {name: given[record] for name, record in fields.items() if record in given}
    return {**cluster, **planned}, address_assumptions(world)
