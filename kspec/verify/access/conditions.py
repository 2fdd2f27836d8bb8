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
from kspec.runtime.rulebook import Rulebook
from kspec.runtime.values import EvalError
from kspec.verify.access.configuration import call

RESOURCE = {
    "namespace": "namespace",
    "verb": "verb",
    "group": "apiGroup",
    "version": "version",
    "resource": "resource",
    "subresource": "subresource",
    "name": "name",
}
"""Fields of resourceAttributes, and of our requests."""


SELECTORS = {"fieldSelector": "access/fieldRequirements", "labelSelector": "access/labelRequirements"}
"""Fields of resourceAttributes, and the rules that say what the texts of a request demand."""


def compile_condition(text: str, path: str) -> Expr:
    """The typed expression; raises every mistake in it."""
    return elaborate_cel(text, path, {"request": DYN})


def outcomes(conditions: Sequence[Expr], request: Mapping[str, Any], book: Rulebook) -> list[str]:
    """What each condition is for this request."""
    review = review_of(request, book)
    return [outcome(c, review) for c in conditions]


def outcome(condition: Expr, review: dict[str, Any]) -> str:
    """What one condition is for a review."""
    try:
        value = evaluate(condition, {"request": review})
    except EvalError:
        return "error"
    return {True: "true", False: "false"}.get(value, "error") if isinstance(value, bool) else "error"


def review_of(request: Mapping[str, Any], book: Rulebook) -> dict[str, Any]:
    """The spec of the SubjectAccessReview for a request. What it does not say of who asks is empty."""
    spec: dict[str, Any] = {
        "user": request.get("user") or "",
        "groups": list(request.get("groups") or ()),
        "uid": request.get("uid") or "",
        "extra": dict(request.get("extra") or {}),
    }
    verb = request.get("verb") or ""
    if not request.get("resourceRequest"):
        return {**spec, "nonResourceAttributes": {"path": request.get("path") or "", "verb": verb}}
    attributes: dict[str, Any] = {name: request.get(ours) or "" for name, ours in RESOURCE.items()}
    for name in SELECTORS if call(book, "access/selects", verb) else ():
        text = request.get(name) or ""
        demanded = call(book, SELECTORS[name], text) if text else []
        if demanded:
            attributes[name] = {"requirements": demanded}
    return {**spec, "resourceAttributes": attributes}
