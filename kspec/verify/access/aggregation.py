"""Knows how aggregated ClusterRoles come to their rules, and where each of these rules was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kspec.runtime.rulebook import Rulebook

Object = Mapping[str, Any]


def aggregate(roles: Sequence[Object], book: Rulebook) -> list[Object]:
    """The ClusterRoles once the controller that fills the aggregated ones has come to rest: one role after
    another in order of name, from the rules that they have, until nothing changes.

    Roles that select each other may go on exchanging rules; as many rounds as there are roles are enough for
    everything else.
    """
    rules_of = _function(book, "access/aggregatedRules")
    found = {_name(r): r for r in sorted(roles, key=_name)}
    gathering = [name for name, role in found.items() if is_aggregated(role)]
    for _ in range(len(gathering) + 1):
        changed = False
        for name in gathering:
            role = found[name]
            rules = rules_of(role, list(found.values()))
            if rules != (role.get("rules") or []):
                found[name] = {**role, "rules": rules}
                changed = True
        if not changed:
            break
    return list(found.values())


def is_aggregated(role: Object) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def writers(role: Object, roles: Mapping[str, Object], book: Rulebook) -> list[Object]:
    """The ClusterRoles whose own rules an aggregated one may have got, directly or through others; itself
    last.
    """
    selects = _function(book, "types/selects")
    found: dict[str, Object] = {}
    waiting = [role]
    while waiting:
        gathering = waiting.pop()
        for selector in (gathering.get("aggregationRule") or {}).get("clusterRoleSelectors") or ():
            for name in sorted(roles):
                labels = (roles[name].get("metadata") or {}).get("labels") or {}
                if name in found or roles[name] is role or not selects(selector, labels):
                    continue
                found[name] = roles[name]
                waiting.append(roles[name])
    return [*found.values(), role]


def _name(role: Object) -> str:
    return str((role.get("metadata") or {}).get("name", ""))


def _function(book: Rulebook, rule_id: str) -> Callable[..., Any]:
    rule = book.get(rule_id)
    assert rule is not None, rule_id
    return rule.fn
