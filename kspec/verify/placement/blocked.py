"""Knows when no node may take one more pod of a class, as far as anything can be in its way: what is not
known
to leave it alone counts as being in its way.
"""

from __future__ import annotations

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.terms import Term
from kspec.verify.placement.demands import Demands
from kspec.verify.placement.encode import Encoding
from kspec.verify.placement.problem import Problem


def may_be_blocked(encoding: Encoding, c: int, demands: Demands) -> Term | None:
    """What holds of every placement beside which no node takes a pod of class c; None: nothing is sure to."""
    pod = encoding.problem.classes[c].sample
    whole = demands.sees_whole(pod) and not demands.call("unmodelled", pod)
    if not whole or demands.company(pod) or demands.spreadings(pod):
        return None
    if any(not its.amounts for its in encoding.problem.classes):
        return None  # some profile lets pods onto full nodes
    open_ = [k for k, cell in enumerate(encoding.cells) if not encoding.problem.refused[c][cell.first]]
    waits = t.lt(encoding.on(c, range(len(encoding.cells))), t.number(len(encoding.problem.classes[c].pods)))
    return t.all_of([waits, *(_cell(encoding, c, k, demands) for k in open_)])


def hindering(problem: Problem, c: int, demands: Demands) -> list[str]:
    """The labels by which others may keep a pod of this class out."""
    pod = problem.classes[c].sample
    return [key for its in problem.classes for key in demands.hindrances(pod, its.sample)]


def _cell(encoding: Encoding, c: int, k: int, demands: Demands) -> Term:
    """Each node of the cell is short of a resource, or has a pod that keeps this one out."""
    problem, cell = encoding.problem, encoding.cells[k]
    size, counts, terms = t.number(cell.size), list[Term](), list[Term]()
    for resource, amount in problem.classes[c].amounts.items():
        room = problem.room[cell.first][resource]
        nodes = t.int_var(f"short.{resource}@{encoding.cell_name(cell)}", 0, cell.size)
        used = t.add(
            *(
                t.mul(its.amounts[resource], encoding.x[d][k])
                for d, its in enumerate(problem.classes)
                if its.amounts.get(resource)
            )
        )
        terms.append(t.le(t.mul(max(0, room - amount + 1), nodes), used))
        counts.append(nodes)
    for d, its in enumerate(problem.classes):
        for key in demands.hindrances(problem.classes[c].sample, its.sample):
            nodes = t.int_var(f"kept.{d}.{key}@{encoding.cell_name(cell)}", 0, cell.size)
            there = (
                encoding.x[d][k] if encoding.is_each_node(key) else encoding.on(d, _domain(encoding, k, key))
            )
            most = there if encoding.is_each_node(key) else t.mul(cell.size, there)
            terms.append(t.le(nodes, most))
            counts.append(nodes)
    return t.all_of([*terms, t.le(size, t.add(*counts))])


def _domain(encoding: Encoding, k: int, key: str) -> list[int]:
    """The cells in the domain of this one; none, if its nodes have no such label."""
    return next((its for its in encoding.by_domain(key).values() if k in its), [])
