"""Knows which objects at hand the API server would refuse: what it refuses is no answer to any question."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.inputs import Inputs
    from kspec.model.api import Problem
    from kspec.resources.decode import Path
    from kspec.resources.objects import KubeObject

REFUSED = "KS2617"
_SEGMENT = re.compile(r"\[(\d+)\]|\[([^\]]+)\]|([^.\[\]]+)")


def check_accepted(inputs: Inputs, records: Collection[str] = ()) -> Inputs:
    """Raises what would be refused, as far as the rules of validation say; of these types alone, if any."""
    from kspec.model.api import Api
    from kspec.model.clock import Clock
    from kspec.model.cluster import FixedCluster
    from kspec.model.kinds import Kinds
    from kspec.model.standard import standard_rules
    from kspec.model.store import Store
    from kspec.resources.load import paused_collector
    from kspec.runtime.rulebook import load_rulebook

    table = inputs.library.types(inputs.workspace.table)
    said = FixedCluster({"options": inputs.choices})
    api = Api(Store(Clock()), standard_rules(load_rulebook(), table), Kinds(table), said)
    found: list[Diagnostic] = []
    with paused_collector():
        for each in inputs.workspace.objects:
            if each.kind is None or each.decoded is None or _was_accepted(each.decoded["metadata"]):
                continue
            if not records or each.kind.record in records:
                found += [_diagnostic(each, p) for p in api.invalid(each.kind.record, each.decoded)]
    if found:
        raise DiagnosticError(found)
    return inputs


def _was_accepted(metadata: dict[str, Any]) -> bool:
    """Is it out of a cluster: with a uid, or made by a controller?"""
    return bool(metadata.get("uid")) or any(
        o.get("controller") for o in metadata.get("ownerReferences") or ()
    )


def _diagnostic(each: KubeObject, problem: Problem) -> Diagnostic:
    reason = problem.reason or ("a value is required" if problem.code == "Required" else problem.code)
    message = f"the API server refuses this {each.key.kind}: {reason}"
    path = _path(problem.field)
    return Diagnostic(REFUSED, message, each.locate(path), path=path)


def _path(field: str) -> Path:
    """`spec.ports[0]` as a path."""
    return tuple(int(number) if number else key or name for number, key, name in _SEGMENT.findall(field))
