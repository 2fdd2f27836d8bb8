"""Knows what happens to each object of the input: it is created, changed, replaced, deleted, kept, or
refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kspec.model.api import Api, Problem, Reply
from kspec.model.objects import Key, Object, metadata
from kspec.model.rules import RuleSet, call_function, has_param
from kspec.plan.diff import SERVER_FIELDS, field_changes, wanted_part
from kspec.plan.merge import three_way
from kspec.plan.value import FieldChange, ObjectChange, Ref, Verb

BEFORE, AFTER = "*** (before)", "*** (after)"


@dataclass(frozen=True, slots=True)
class Given:
    """An object of the input: its key, its decoded value, and where it stands."""

    key: Key
    object: Object
    where: str = ""


def ref_of(obj: Mapping[str, Any]) -> Ref:
    meta = metadata(obj)
    name = str(meta.get("name") or meta.get("generateName") or "")
    return Ref(str(obj.get("apiVersion", "")), str(obj.get("kind", "")), str(meta.get("namespace", "")), name)


@dataclass
class Comparer:
    """Decides what becomes of the input, one object at a time, and asks the API server for it.

    `last` holds what was applied before, by key: what of it the new manifest no longer says is removed.
    """

    api: Api
    last: Mapping[Key, Object]

    def apply(self, given: Given) -> ObjectChange:
        """Creates or changes the object. One that must be replaced is deleted: whoever calls makes it
        anew.
        """
        old = self.api.store.get(given.key)
        if old is None:
            reply = self.api.create(given.key.record, given.object)
            return ObjectChange(Verb.CREATE, ref_of(given.object), (), _refusal(reply), given.where)
        merged = self._merged(given, old)
        reply = self.api.update(given.key.record, merged, dry_run=True)
        wanted = reply.object or self.api.defaulted(given.key.record, merged)
        table = self.api.kinds.table
        fields = field_changes(table, given.key.record, wanted_part(old), wanted_part(wanted))
        fields = masked(self.api.rules, given.key.record, wanted, fields)
        if reply.ok:
            if fields:
                reply = self.api.update(given.key.record, merged)
            verb = Verb.CHANGE if fields else Verb.KEEP
            return ObjectChange(verb, ref_of(old), fields, _refusal(reply), given.where)
        if _forbids_only_the_change(self.api.rules, reply.problems):
            self.api.delete(given.key)
            return ObjectChange(Verb.REPLACE, ref_of(old), _forced(fields, reply.problems), "", given.where)
        return ObjectChange(Verb.CHANGE, ref_of(old), fields, _refusal(reply), given.where)

    def delete(self, keys: Iterable[Key]) -> list[ObjectChange]:
        changes = []
        for key in keys:
            old = self.api.store.get(key)
            if old is not None:
                reply = self.api.delete(key)
                changes.append(ObjectChange(Verb.DELETE, ref_of(old), (), _refusal(reply)))
        return changes

    def _merged(self, given: Given, old: Object) -> Object:
        """The stored object with the manifest applied; what only the server may set stays as it is."""
        manifest = _without_server_fields(given.object)
        last = _without_server_fields(self.last.get(given.key, {}))
        return three_way(self.api.kinds.table, given.key.record, last, manifest, old)


def masked(
    rules: RuleSet, record: str, obj: Object, fields: tuple[FieldChange, ...]
) -> tuple[FieldChange, ...]:
    """Values of fields that the rules of the type call sensitive are replaced by marks that only say:
    differs.
    """
    rule = rules.function_about("sensitiveFields", record)
    if rule is None:
        return fields
    names: Any = call_function(rule, obj)
    return tuple(_masked(f) if f.path.startswith(tuple(names)) else f for f in fields)


def _masked(change: FieldChange) -> FieldChange:
    old = None if change.old is None else BEFORE
    new = None if change.new is None else AFTER
    return replace(change, old=old, new=new, sensitive=True)


def _without_server_fields(obj: Object) -> Object:
    meta = {k: v for k, v in metadata(obj).items() if k not in SERVER_FIELDS}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": meta} if obj else obj


def _forbids_only_the_change(rules: RuleSet, problems: tuple[Problem, ...]) -> bool:
    """Do only rules that compare with the old object refuse? Then a new object would be accepted."""
    comparing = {r.id for r in rules.of_kind("validate") if has_param(r, "old")}
    return bool(problems) and all(p.rule in comparing for p in problems)


def _forced(fields: tuple[FieldChange, ...], problems: tuple[Problem, ...]) -> tuple[FieldChange, ...]:
    """Each changed field with the reason why it forces a replacement, if it is one of those."""

    def reason(path: str) -> str:
        return next((p.reason for p in problems if path.startswith(p.field)), "")

    return tuple(replace(f, forces=reason(f.path)) for f in fields)


def _refusal(reply: Reply) -> str:
    return "" if reply.ok else f"{reply.reason}: {reply.message}"
