"""How long plans take: bounds with room for a busy machine, so that only a change of kind fails them."""

import time

import pytest
from support.standard import deployment, plan_of, rules

from kspec.model.rules import call_function
from kspec.runtime.quantity import parse_quantity

APPLICATION_SECONDS_MAX = 1.5
THOUSAND_PODS_SECONDS_MAX = 10.0


def test_twelve_deployments_take_a_moment() -> None:
    text = "".join(deployment(f"d{i}") for i in range(12))
    plan_of(text)
    start = time.process_time()
    assert plan_of(text).totals.running == 12
    assert time.process_time() - start < APPLICATION_SECONDS_MAX


@pytest.mark.slow
def test_a_thousand_pods_on_a_hundred_nodes_take_seconds() -> None:
    pool = {
        "name": "n",
        "nodes": 100,
        "zones": ["a", "b", "c"],
        "cpu": parse_quantity("4"),
        "memory": parse_quantity("16Gi"),
        "pods": 110,
    }
    nodes = list(call_function(rules().rules.function("nodes/nodesOf"), pool))
    text = "".join(deployment(f"d{i}", 20, cpu="250m") for i in range(50))
    start = time.process_time()
    assert plan_of(text, nodes=nodes).totals.running == 1000
    assert time.process_time() - start < THOUSAND_PODS_SECONDS_MAX
