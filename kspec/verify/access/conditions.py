"""Knows what the match conditions of an authorization webhook are for a request: true, false or an error.

They are strict CEL over `request`, the spec of the SubjectAccessReview that the webhook would be sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kspec.elaborate.cel import elaborate_cel
from kspec.ir.evaluate import evaluate
from kspec.ir.nodes import Expr
from kspec.ir.types import DYN
from kspec.runtime.values import EvalError

RESOURCE = {
    "namespace": "namespace",
    "verb": "verb",
    "group": "apiGroup",
    "resource": "resource",
    "subresource": "subresource",
    "name": "name",
}
"""Fields of resourceAttributes, and of our requests."""


def compile_condition(text: str, path: str) -> Expr:
    """The typed expression; raises every mistake in it."""
    return elaborate_cel(text, path, {"request": DYN})


def outcomes(conditions: Sequence[Expr], request: Mapping[str, Any]) -> list[str]:
    """What each condition is for this request."""
    review = review_of(request)
    return [_outcome(c, review) for c in conditions]


def _outcome(condition: Expr, review: dict[str, Any]) -> str:
    try:
        value = evaluate(condition, {"request": review})
    except EvalError:
        return "error"
    return {True: "true", False: "false"}.get(value, "error") if isinstance(value, bool) else "error"


def review_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of the SubjectAccessReview for a request."""
    spec: dict[str, Any] = {
        "user": request.get("user") or "",
        "groups": list(request.get("groups") or ()),
        "uid": "",
        "extra": {},
    }
    if request.get("resourceRequest"):
        attributes = {name: request.get(ours) or "" for name, ours in RESOURCE.items()}
        spec["resourceAttributes"] = {"version": "*", **attributes}
    else:
        path, verb = request.get("path") or "", request.get("verb") or ""
        spec["nonResourceAttributes"] = {"path": path, "verb": verb}
    return spec
