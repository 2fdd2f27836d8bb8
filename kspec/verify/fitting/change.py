"""Knows what may be changed in a pod or a node, as an open value with every change possible, and as a plain
value with some of them made.

Which changes there are is for the rules to say (`rules/scheduling/changes.kspec`); here is how one is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import make_list, make_map, make_number, number_term
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.values import Quantity

RAISE_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that could be changed, `of` the pod or the node; see the rules' type of this name."""

    of: str
    about: str
    action: str
    path: tuple[str, ...]
    text: str
    added: Mapping[str, Any] | None = field(default=None, hash=False)
    step: int = 1
    """Of what is made smaller, in billionths, as quantities are counted."""


def change_of(of: str, made: Mapping[str, Any]) -> Change:
    """A change as a rule gives it."""
    step = made.get("step")
    return Change(
        of,
        str(made["about"]),
        str(made["action"]),
        tuple(str(step) for step in made["path"]),
        str(made.get("text", "")),
        made.get("toleration") if made["action"] == "add" else None,
        step.nanos if isinstance(step, Quantity) and step.nanos else 1,
    )


@dataclass(frozen=True, slots=True)
class Hole:
    """A change that may be made or not, as `made` says; by how much, as `amount` says, in steps."""

    change: Change
    made: Term
    amount: Term | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return self.change.path


def hole(change: Change, value: object, number: int) -> Hole:
    """The hole for a change of this value; `number` tells holes apart."""
    made = t.bool_var(f"change {number}")
    amount = f"amount {number}"
    if change.action == "raise":
        return Hole(change, made, t.int_var(amount, 1, RAISE_MAX))
    if change.action == "lower":
        steps = number_term(at(value, change.path)).value // change.step  # type: ignore[operator]
        return Hole(change, made, t.int_var(amount, 1, max(1, steps - 1)))
    return Hole(change, made)


def at(value: Any, path: Iterable[str]) -> Any:
    """What stands at a path; None if nothing does."""
    for step in path:
        if value is None:
            return None
        value = value[int(step)] if isinstance(value, (list, tuple)) else value.get(step)
    return value


# ---------------------------------------------------------------- open


def opened(value: Any, holes: Sequence[Hole], depth: int = 0) -> object:
    """The value in which each of these changes may be made or not."""
    if not holes:
        return value
    whole = [h for h in holes if len(h.path) == depth]
    below = [h for h in holes if len(h.path) > depth]
    if isinstance(value, dict):
        return _opened_map(value, below, depth)
    if isinstance(value, (list, tuple)):
        items = [(t.TRUE, each) for each in value]
        for key, group in _by_step(below, depth):
            items[int(key)] = _opened_part(value[int(key)], group, depth)
        return make_list([*items, *((h.made, h.change.added) for h in whole)])
    (one,) = whole
    return _amount(value, one)


def _opened_map(value: Mapping[str, Any], below: Sequence[Hole], depth: int) -> object:
    entries: dict[object, tuple[Term, object]] = {k: (t.TRUE, v) for k, v in value.items()}
    for key, group in _by_step(below, depth):
        entries[key] = _opened_part(value.get(key, []), group, depth)
    return make_map(entries)


def _opened_part(value: Any, group: Sequence[Hole], depth: int) -> tuple[Term, object]:
    """(is it there, what it is then) of a part that may be left out."""
    dropped = [h.made for h in group if len(h.path) == depth + 1 and h.change.action == "drop"]
    rest = [h for h in group if len(h.path) > depth + 1 or h.change.action != "drop"]
    return t.not_(t.any_of(dropped)), opened(value, rest, depth + 1)


def _amount(value: Any, one: Hole) -> object:
    assert one.amount is not None
    old = number_term(value)
    if one.change.action == "raise":
        return make_number("int", t.ite(one.made, t.add(old, one.amount), old))
    assert isinstance(old.value, int)
    most = old.value // one.change.step
    fewer = t.mul(one.change.step, t.sub(t.number(most), one.amount))
    return make_number("quantity", t.ite(one.made, fewer, old))


def _by_step(holes: Sequence[Hole], depth: int) -> list[tuple[str, list[Hole]]]:
    groups: dict[str, list[Hole]] = {}
    for each in holes:
        groups.setdefault(each.path[depth], []).append(each)
    return [*groups.items()]


# ---------------------------------------------------------------- made


@dataclass(frozen=True, slots=True)
class Made:
    """A change with the amount, in steps, by which something is made smaller or greater."""

    change: Change
    amount: int = 0


def changed(value: Any, changes: Sequence[Made], depth: int = 0) -> Any:
    """The value with these changes made."""
    if not changes:
        return value
    whole = [m for m in changes if len(m.change.path) == depth]
    groups: dict[str, list[Made]] = {}
    for each in changes:
        if len(each.change.path) > depth:
            groups.setdefault(each.change.path[depth], []).append(each)
    if isinstance(value, dict):
        made = dict(value)
        for key, its in groups.items():
            if _is_dropped(its, depth):
                made.pop(key, None)
            else:
                made[key] = changed(value.get(key, []), its, depth + 1)
        return made
    if isinstance(value, (list, tuple)):
        parts = {int(key): its for key, its in groups.items()}
        kept = [
            changed(each, parts.get(i, []), depth + 1)
            for i, each in enumerate(value)
            if not _is_dropped(parts.get(i, []), depth)
        ]
        return [*kept, *(m.change.added for m in whole)]
    return new_value(value, whole[0])


def new_value(value: Any, made: Made) -> Any:
    """What stands there once it is made smaller or greater."""
    if made.change.action == "raise":
        return value + made.amount
    old = number_term(value).value
    assert isinstance(old, int)
    return Quantity((old // made.change.step - made.amount) * made.change.step)


def _is_dropped(its: Sequence[Made], depth: int) -> bool:
    return any(m.change.action == "drop" and len(m.change.path) == depth + 1 for m in its)
