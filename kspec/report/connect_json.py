"""Knows connectivity as the document `kspec/connect/1`."""

from __future__ import annotations

from collections.abc import Callable

from kspec.report.connect import Group, Unit, View, notes
from kspec.verify.network.ports import by_protocol


def to_json(view: View, place: Callable[[Unit], str]) -> dict[str, object]:
    """The body of the document `kspec/connect/1`; `place` says where the object of a unit stands."""
    t = view.totals
    return {
        "by": view.by,
        "totals": {
            "units": t.units,
            "policies": t.policies,
            "pairs": t.pairs,
            "open": t.open_all,
            "openOnSomePorts": t.open_some,
            "shut": t.shut,
            "undetermined": t.undetermined,
            "openForWantOfPolicy": t.free,
            "differByFamily": t.unlike,
            "fromOutside": t.from_outside,
            "toOutside": t.to_outside,
        },
        "units": [_unit_to_json(u, place(u)) for u in view.units],
        "groups": [_group_to_json(g, view.reason(g)) for g in view.groups],
        "notes": list(notes(view)),
        "assumptions": list(view.options),
    }


def _unit_to_json(unit: Unit, place: str) -> dict[str, object]:
    made: dict[str, object] = {
        "id": unit.id,
        "kind": unit.kind,
        "namespace": unit.namespace,
        "name": unit.name,
    }
    if unit.pods:
        made["pods"] = list(unit.pods)
    return {**made, "place": place} if place else made


def _group_to_json(group: Group, reason: str) -> dict[str, object]:
    made: dict[str, object] = {
        "from": [u.id for u in group.origins],
        "fromOutside": list(group.origin_ranges),
        "to": [u.id for u in group.destinations],
        "toOutside": list(group.destination_ranges),
        "open": by_protocol(group.answer[0]),
        "undetermined": by_protocol(group.answer[1]),
        "forWantOfPolicy": group.free,
    }
    if group.family:
        made["family"] = f"IPv{group.family}"
    return {**made, "reason": reason} if reason else made
