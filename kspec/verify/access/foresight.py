"""Knows which webhooks are asked about a request of which only parts are known: nobody has made it yet.

A match condition that reads what is not known is neither true nor false, but for what `&&`, `||` and `!`
make of its other parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kspec.ir import nodes as ir
from kspec.ir.reads import PRESENT, reads_of
from kspec.runtime.rulebook import Rulebook
from kspec.verify.access.conditions import SELECTORS, outcome, review_of
from kspec.verify.access.configuration import call

UNKNOWN = "unknown"
PASSES, DENIES, ASKED, MAYBE = "passes", "denies", "asked", "maybe"
"""What a webhook does: without being asked it has no opinion, or denies; it is asked; or one of these."""

WHO = frozenset({("user",), ("groups",), ("uid",), ("extra",)})
OF = "resourceAttributes"
Paths = frozenset[tuple[str, ...]]


def unknown_parts(request: Mapping[str, Any], who: Paths, namespaced: bool | None, book: Rulebook) -> Paths:
    """What is not known of a request: of who asks these parts, and what of its words was not said."""
    if not request.get("resourceRequest"):
        return who
    open_ = {name for name in ("namespace", "name") if not request.get(name)}
    if namespaced is False:
        open_.discard("namespace")
    if not call(book, "access/hasName", request.get("verb") or "", request.get("subresource") or ""):
        open_.discard("name")
    if call(book, "access/selects", request.get("verb") or ""):
        open_ |= set(SELECTORS)
    return who | {(OF, name) for name in open_}


def does(
    authorizer: Mapping[str, Any],
    conditions: Sequence[ir.Expr],
    request: Mapping[str, Any],
    unknown: Paths,
    book: Rulebook,
) -> str:
    """What a webhook does with such a request, whatever the unknown parts are."""
    review = review_of(request, book)
    found = [settle(c, review, unknown) for c in conditions]
    if "false" in found:
        return PASSES
    if UNKNOWN in found:
        return MAYBE
    if "error" in found:
        policy = {**authorizer, "conditions": found}
        return DENIES if call(book, "access/webhookDecision", policy)["decision"] == "deny" else PASSES
    return ASKED


def settle(expr: ir.Expr, review: dict[str, Any], unknown: Paths) -> str:
    """`true`, `false` or `error` where that holds whatever the unknown parts are; else `unknown`. Groups that
    are not known are further ones.
    """
    if not _hangs_on(expr, unknown):
        return outcome(expr, review)
    match expr:
        case ir.Call("@in", (member, ir.Key(ir.Var("request"), "groups"))) if not _hangs_on(member, unknown):
            return _kept(outcome(expr, review), "true")
        case ir.Loop("exists" | "all", (_,), ir.Key(ir.Var("request"), "groups")) if not _hangs_on(
            expr.body, unknown
        ):
            return _kept(outcome(expr, review), "true" if expr.kind == "exists" else "false")
        case ir.And(left, right):
            return _both(settle(left, review, unknown), settle(right, review, unknown), "false")
        case ir.Or(left, right):
            return _both(settle(left, review, unknown), settle(right, review, unknown), "true")
        case ir.Call("!_", (operand,)):
            said = settle(operand, review, unknown)
            return {"true": "false", "false": "true"}.get(said, said)
    return UNKNOWN


def _hangs_on(expr: ir.Expr, unknown: Paths) -> bool:
    return any(_meet(read, part) for read in reads_of(expr, "request") for part in unknown)


def _kept(said: str, lasting: str) -> str:
    """What is said of some groups, if no further one changes it."""
    return said if said == lasting else UNKNOWN


def _both(left: str, right: str, absorbing: str) -> str:
    """One side decides if it is absorbing; an error only if the other side is known not to be."""
    sides = (left, right)
    if absorbing in sides:
        return absorbing
    return next((s for s in (UNKNOWN, "error") if s in sides), "true" if absorbing == "false" else "false")


def _meet(read: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Does reading this read a part? Whether the words of a request are there is known, but for selectors."""
    if read[-1:] == (PRESENT,):
        read = read[:-1]
        if not read or (len(read) <= len(part) and read[-1] not in SELECTORS):
            return False
    short = min(len(read), len(part))
    return read[:short] == part[:short]
