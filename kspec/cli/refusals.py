"""Knows which objects at hand the API server would refuse: what it refuses is no answer to any question."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.inputs import Inputs
    from kspec.model.rules import RuleSet
    from kspec.resources.decode import Path
    from kspec.resources.objects import KubeObject

REFUSED = "KS2617"
_SEGMENT = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def check_accepted(inputs: Inputs, records: Collection[str] = ()) -> Inputs:
    """Raises what would be refused, as far as the rules of validation say; of these types alone, if any."""
    from kspec.model.defaults import Defaults
    from kspec.model.rules import call_function
    from kspec.model.standard import standard_rules
    from kspec.runtime.rulebook import load_rulebook

    table = inputs.library.types(inputs.workspace.table)
    rules = standard_rules(load_rulebook(), table)
    defaults = Defaults(table, rules)
    found: list[Diagnostic] = []
    for each in inputs.workspace.objects:
        if each.kind is None or each.decoded is None or _was_accepted(each.decoded["metadata"]):
            continue
        record = each.kind.record
        if rules.about("validate", record) and (not records or record in records):
            value = defaults.applied(record, each.decoded, lambda rule, part: call_function(rule, part))
            found += _refusals(each, record, value, rules)
    if found:
        raise DiagnosticError(found)
    return inputs


def _was_accepted(metadata: dict[str, Any]) -> bool:
    """Is it out of a cluster: with a uid, or made by a controller?"""
    return bool(metadata.get("uid")) or any(
        o.get("controller") for o in metadata.get("ownerReferences") or ()
    )


def _refusals(each: KubeObject, record: str, value: dict[str, Any], rules: RuleSet) -> Iterator[Diagnostic]:
    from kspec.model.rules import call_function, clauses_of, has_param

    for rule in rules.about("validate", record):
        verbs = [c.constant or c.name for c in clauses_of(rule, "on")]
        if has_param(rule, "old") or has_param(rule, "cluster") or (verbs and "create" not in verbs):
            continue
        for finding in call_function(rule, value):
            path = _path(finding.get("field") or "")
            reason = finding.get("reason") or "a value is required"
            message = f"the API server refuses this {each.key.kind}: {reason}"
            yield Diagnostic(REFUSED, message, each.locate(path), path=path)


def _path(field: str) -> Path:
    """`spec.ports[0]` as a path."""
    return tuple(int(number) if number else name for number, name in _SEGMENT.findall(field))
