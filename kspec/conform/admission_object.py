"""Knows how `admission.object` is answered: what the API server makes of an object that is to be created. Of
the kinds whose validation is stated whole; the others are unsupported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from kspec.conform.cluster import rule, rulebook, table
from kspec.conform.protocol import UnsupportedCase
from kspec.ir.types import Record
from kspec.model.api import Api
from kspec.model.clock import Clock
from kspec.model.cluster import FixedCluster
from kspec.model.kinds import Kinds
from kspec.model.rules import RuleSet
from kspec.model.store import Store
from kspec.resources.decode import MISSING, UNKNOWN_FIELD, decode
from kspec.resources.objects import encode
from kspec.source import Severity

AREA = "admission.object"


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """`accepted`, `errors` of `field` and `type`, and, if the object can be read, `defaulted`."""
    raw = case["object"]
    kind = table().find_kind(str(raw.get("apiVersion")), str(raw.get("kind")))
    if kind is None or kind.kind not in rule("validation/wholeKinds")():
        raise UnsupportedCase(f"validation of {raw.get('kind')} is not stated whole yet")
    value, found = decode(raw, Record(kind.record), table())
    if any(d.severity is Severity.ERROR and d.code not in (MISSING, UNKNOWN_FIELD) for d in found):
        return {"accepted": False, "decodeError": "the object cannot be read", "errors": []}
    problems = _api().invalid(kind.record, value)
    errors = [{"field": p.field, "type": f"FieldValue{p.code}"} for p in problems]
    defaulted = encode(_api().defaulted(kind.record, value))
    answer = {"accepted": not errors, "errors": errors, "defaulted": _placed_as(raw, defaulted)}
    unknown = [d.path for d in found if d.code == UNKNOWN_FIELD]
    return {**answer, "strictErrors": len(unknown)} if unknown else answer


def _placed_as(raw: Mapping[str, Any], obj: dict[str, Any]) -> dict[str, Any]:
    """The object without a namespace if it came without: the request's path, which is no part of a case,
    names it.
    """
    if (raw.get("metadata") or {}).get("namespace"):
        return obj
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "namespace"}}


def compare(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str | None:
    """Errors in any order, their fields in any case (upstream has a few of its own); of an object that cannot
    be read, that it is one; of unknown fields, how many.
    """
    if "decodeError" in expected or "decodeError" in actual:
        return None if "decodeError" in expected and "decodeError" in actual else "/decodeError"
    if _sorted(expected["errors"]) != _sorted(actual["errors"]):
        return "/errors"
    if len(expected.get("strictErrors") or ()) != actual.get("strictErrors", 0):
        return "/strictErrors"
    return _difference(expected.get("defaulted"), actual.get("defaulted"), "/defaulted")


def _sorted(errors: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    return sorted((e["field"].lower(), e["type"]) for e in errors)


def _difference(one: Any, other: Any, path: str) -> str | None:
    """The first place that differs. What is absent is what is empty: Go prints some fields that are."""
    if isinstance(one, dict) or isinstance(other, dict):
        one, other = one or {}, other or {}
    if isinstance(one, dict) and isinstance(other, dict):
        found = (_difference(one.get(k), other.get(k), f"{path}/{k}") for k in {**one, **other})
        return next((place for place in found if place is not None), None)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        found = (_difference(a, b, f"{path}/{n}") for n, (a, b) in pairs)
        return next((place for place in found if place is not None), None)
    return None if one == other or not (one or other) else path


@cache
def _api() -> Api:
    return Api(Store(Clock()), RuleSet(rulebook()), Kinds(table()), FixedCluster({}))
