"""Laws: a placement is found just when some order of all pods succeeds; and what is impossible is so whatever
is tried.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.placements import clusters, some_order_places_all

from kspec.solve.core import solve
from kspec.verify.placement.encode import Encoding, like_nodes, single_nodes
from kspec.verify.placement.explore import Explorer
from kspec.verify.placement.never import Forbidden, ask_never
from kspec.verify.placement.possible import Impossible, Open, Possible, labelled, possible
from kspec.verify.placement.source import Source

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(clusters(pods_max=4))
def test_possible_is_what_trying_everything_finds(its: Source) -> None:
    """Possible(pods, nodes) = there is an order and a node for each pod that all filters accept."""
    found = possible(its.whole, its.judges(), 20)
    tried = some_order_places_all(its)
    if isinstance(found, Open):
        return  # it says so itself
    assert isinstance(found, Possible) == tried


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(clusters(pods_max=4))
def test_what_kinds_of_nodes_exclude_single_nodes_exclude_too(its: Source) -> None:
    """unsat(kinds) implies unsat(nodes), and unsat(nodes) implies that no order succeeds."""
    cells = like_nodes(its.whole)
    kinds, nodes = Encoding(its.whole, cells), Encoding(its.whole, single_nodes(cells))
    by_kinds = solve(labelled(kinds, kinds.demands()), 20)
    by_nodes = solve([*labelled(nodes, nodes.demands()), *(("", o) for o in nodes.ordered())], 20)
    assert by_kinds is not None or by_nodes is None
    assert by_nodes is not None or not some_order_places_all(its)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(clusters(pods_max=4))
def test_little_is_left_open(its: Source) -> None:
    """What the facts see whole is decided."""
    found = possible(its.whole, its.judges(), 20)
    assert isinstance(found, Possible | Impossible) or "refused" in found.reason or "order" in found.reason


def some_run_is_so(its: Source, forbidden: Forbidden) -> bool:
    """Does some order of arrival, with some choice among the best nodes, come to what is forbidden?"""
    explorer = Explorer(its)
    kinds = {k for k, g in enumerate(explorer.kinds) if its.origin(g[0]) == forbidden.ref}
    seen: set[object] = set()
    waiting = [explorer.start()]
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        left = explorer.waiting(state)
        moves = [m for k, names in left.items() for name in names for m in explorer.moves(state, k, name)]
        here = [sum(k in kinds for k, _ in pods) for pods in state]
        if forbidden.sort == "together" and max(here) > 1:
            return True
        if forbidden.sort == "pending" and not moves and any(k in left for k in kinds):
            return True
        waiting += [explorer.after(state, m) for m in moves]
    return False


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(clusters(pods_max=4, stays=False), st.sampled_from(["together", "pending"]), st.data())
def test_what_never_comes_about_no_run_comes_to(its: Source, sort: str, data: st.DataObject) -> None:
    """never(x) holds just when no order of arrival and no tie-break, each tried by itself, comes to x."""
    forbidden = Forbidden(sort, its.origin(data.draw(st.sampled_from(its.free))))
    answer = ask_never(its, forbidden, 60)
    assert answer.verdict == ("violated" if some_run_is_so(its, forbidden) else "holds")
