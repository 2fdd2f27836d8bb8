"""Knows which connections an edit of manifests opens and closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kspec.cli.inputs import Inputs
from kspec.cli.session import Session
from kspec.report.diff import Change, Section

if TYPE_CHECKING:
    from kspec.verify.network.possible import Possible

TITLE = "Network"


def compare(session: Session, old: Inputs, new: Inputs, timeout: float) -> Section:
    """For pods and addresses that could exist: the simplest connection of each sort that one side alone
    lets through.
    """
    from kspec.cli.verifying import Verification
    from kspec.verify.network.possible import KINDS, only_in

    before, after = Verification(old, timeout), Verification(new, timeout)
    gained: list[Change] = []
    lost: list[Change] = []
    unknown: list[str] = []
    for one, other, changes in ((after, before, gained), (before, after, lost)):
        for kinds in KINDS:
            found = only_in(one.cluster, other.cluster, kinds, one.setting)
            if isinstance(found, str):
                unknown.append(found)
            elif found is not None:
                changes.append(_change(found))
    return Section("network", tuple(gained), tuple(lost), tuple(dict.fromkeys(unknown)))


def _change(found: Possible) -> Change:
    what = f"{_end(found.origin)} -> {_end(found.destination)} on {found.port}/{found.protocol}"
    details = {"port": found.port, "protocol": found.protocol}
    return Change(what, True, (), found.objects, details)


def _end(end: dict[str, Any]) -> str:
    if end.get("outside"):
        return f"the outside ({end['address']})"
    labels = ", ".join(f"{k}={v}" for k, v in (end.get("labels") or {}).items())
    return f"a pod in {end['namespace']}" + (f" with {labels}" if labels else "")
